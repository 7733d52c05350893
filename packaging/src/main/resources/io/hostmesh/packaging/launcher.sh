#!/bin/sh
# Starts @command@. It becomes the JVM: the process id and the open files stay the caller's.
home=$(readlink -f -- "$0")
home=${home%/bin/*}
# glibc would keep an arena a thread, most of it empty.
MALLOC_ARENA_MAX=${MALLOC_ARENA_MAX:-2}
export MALLOC_ARENA_MAX
# shellcheck disable=SC2086 # HOSTMESH_JAVA_FLAGS is a list.
exec "$home/runtime/bin/java" \
  @flags@ \
  -XX:AOTCache="$home/aot/@command@.aot" \
  ${HOSTMESH_JAVA_FLAGS:-} \
  -cp "$home/lib/@command@.jar" @main@ "$@"
