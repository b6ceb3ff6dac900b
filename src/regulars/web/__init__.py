"""Serves routes over HTTP: who may do what, problem documents, health, static files. Knows no capability."""
