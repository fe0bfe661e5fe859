# Where everything lies, how ./dev speaks, and the lock that keeps two of it apart.

umask 022

DEV_DIR=${HEADRACE_DEV_DIR:-$ROOT/.dev}
[[ $DEV_DIR == /* ]] || DEV_DIR=$PWD/$DEV_DIR

BUILD_DIR=$ROOT/build
TOOLS_DIR=$ROOT/.dev              # jars and npm packages: one copy for all stacks of this tree
RUN_DIR=$DEV_DIR/run              # one record per running process
LOG_DIR=$DEV_DIR/log
STACK_MARK=$DEV_DIR/.headrace-dev # this folder is ours; only such a folder is ever removed

say() {
    if [[ -t 1 ]]; then
        printf '\033[2mdev:\033[0m %s\n' "$*"
    else
        printf 'dev: %s\n' "$*"
    fi
}

warn() {
    printf 'dev: %s\n' "$*" >&2
}

fail() {
    warn "$*"
    exit 1
}

# A folder that somebody else filled is never taken over: clean would remove their files.
make_stack_folder() {
    if [[ ! -e $STACK_MARK ]]; then
        local others=("$DEV_DIR"/*)

        if [[ $DEV_DIR != "$ROOT/.dev" && ${#others[@]} -gt 0 ]]; then
            fail "$DEV_DIR is not empty and not made by ./dev; name another HEADRACE_DEV_DIR"
        fi
        mkdir -p "$DEV_DIR"
        touch "$STACK_MARK"
    fi
    mkdir -p "$RUN_DIR" "$LOG_DIR" "$DEV_DIR/secrets" "$DEV_DIR/dsn"
    chmod 700 "$DEV_DIR/secrets" "$DEV_DIR/dsn"
}

# Two locks: descriptor 8 for what all stacks of this tree share (packages, jars, the build), 9 for
# one stack. Both are closed for everything that outlives ./dev (processes.sh).
wait_lock() {
    if ! flock -n "$1"; then
        say "waiting for another ./dev that works on $2"
        flock -w 1800 "$1" || fail "another ./dev has held $2 for half an hour"
    fi
}

lock_tree() {
    mkdir -p "$TOOLS_DIR"
    exec 8>"$TOOLS_DIR/tree.lock"
    wait_lock 8 "$ROOT"
}

unlock_tree() {
    exec 8>&-
}

lock_stack() {
    make_stack_folder
    exec 9>"$DEV_DIR/lock"
    wait_lock 9 "$DEV_DIR"
}

unlock_stack() {
    exec 9>&-
}

# Writes standard input to a file that appears whole or not at all, for its owner only.
write_private() {
    (
        umask 077
        cat >"$1.new"
        mv "$1.new" "$1"
    )
}

# A random word that stays the same: made when first asked for.
secret() {
    local file=$DEV_DIR/secrets/$1

    [[ -s $file ]] || od -An -N24 -tx1 /dev/urandom | tr -d ' \n' | write_private "$file"
    cat "$file"
}

remove_stack() {
    [[ -e $STACK_MARK ]] || return 0
    postgres_remove
    rm -rf "$DEV_DIR"
}

remove_build() {
    local folder

    for folder in "$ROOT"/build "$ROOT"/build-*/; do
        [[ -d $folder/meson-private ]] && rm -rf "$folder"
    done
    rm -rf "$TOOLS_DIR"
}
