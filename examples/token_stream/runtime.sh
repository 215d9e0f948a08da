#!/bin/bash
# Lambda's Python runtime cannot stream. Bridge's can, and this starts it in its place.
exec "$1" -m bridge.runtime
