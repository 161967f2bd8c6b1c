#!/usr/bin/env bash
# Gradescope runs this once, when it builds the autograder's image.
set -eu
root=${AUTOGRADER:-/autograder}
chmod +x "$root/source/cellist"
# Fails, and the build with it, where the image is older than the system that Cellist was built on.
"$root/source/cellist" --version
