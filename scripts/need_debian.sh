#!/bin/sh
# Installs Debian packages when a program is missing and we are root; otherwise says what is missing and goes on.
# Usage: need_debian.sh PROGRAM PACKAGE...
program=$1; shift
command -v "$program" >/dev/null 2>&1 && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  "$(dirname "$0")/say.sh" "Installing $* with apt-get" "about a minute"
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$@" >/dev/null
else
  echo "No '$program' on this machine: the browser tests will be skipped. Install: $*"
fi
