#!/bin/sh
# Says what is about to happen and roughly how long it takes, so that nobody stares at a silent terminal.
# Usage: say.sh "sentence" "how long"
printf '\n\033[1m▸ %s\033[0m  (%s)\n' "$1" "$2"
