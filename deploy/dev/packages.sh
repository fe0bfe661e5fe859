# What must be installed, and the folders that are filled once: jars, test packages, the build.

PACKAGES=(
    # build
    meson ninja-build pkg-config gcc protobuf-c-compiler protobuf-compiler
    libuv1-dev librdkafka-dev libhiredis-dev libpq-dev libprotobuf-c-dev libcurl4-openssl-dev
    libmicrohttpd-dev libpcre2-dev uthash-dev libssl-dev libcctz-dev libyaml-dev
    # tests and style
    libcriterion-dev clang clang-format yamllint jq python3 python3-yaml python3-jsonschema git
    # run
    postgresql redis-server kcat curl ca-certificates tzdata maven
)

# What differs between Debian releases, or is only needed when nothing else provides it.
packages_of_this_system() {
    local release
    release=$(. /etc/os-release && echo "${VERSION_ID-}")

    case "$release" in
    12) echo libclang-rt-14-dev ;;
    *) echo libclang-rt-dev ;;
    esac
    command -v java >/dev/null || echo default-jre-headless
    command -v npm >/dev/null || echo npm
}

packages_missing() {
    local wanted package status

    mapfile -t wanted < <(printf '%s\n' "${PACKAGES[@]}" && packages_of_this_system)
    status=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "${wanted[@]}" 2>/dev/null || true)
    for package in "${wanted[@]}"; do
        [[ $'\n'$status$'\n' == *$'\n'"$package installed"$'\n'* ]] || echo "$package"
    done
}

as_root() {
    if [[ $EUID -eq 0 ]]; then
        "$@"
    else
        sudo "$@"
    fi
}

# Debian starts a service when its package is installed. Ours are private ones, so this is switched
# off while we install, and back on afterwards, also when an earlier run was killed in between.
POLICY=/usr/sbin/policy-rc.d
POLICY_MARK="# written by headrace ./dev setup"

services_stay_off() {
    [[ -e $POLICY ]] && ! grep -qF "$POLICY_MARK" "$POLICY" && return
    printf '#!/bin/sh\n%s\nexit 101\n' "$POLICY_MARK" | as_root tee "$POLICY" >/dev/null
    as_root chmod 755 "$POLICY"
}

services_may_start() {
    if [[ -e $POLICY ]] && grep -qF "$POLICY_MARK" "$POLICY"; then
        as_root rm -f "$POLICY"
    fi
}

apt() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 \
        --no-install-recommends "$@"
}

install_packages() {
    apt install "$@" && return
    # Old package lists name files that are gone; a killed run leaves packages half configured.
    as_root dpkg --configure -a
    apt update && apt install "$@"
}

setup_packages() {
    local missing log

    command -v dpkg-query >/dev/null || fail "this is not Debian: install by hand: ${PACKAGES[*]}"
    mapfile -t missing < <(packages_missing)
    [[ ${#missing[@]} -gt 0 ]] || return 0
    if [[ $EUID -ne 0 ]] && ! command -v sudo >/dev/null; then
        fail "as root, run: apt-get install ${missing[*]}"
    fi

    say "installing ${#missing[@]} Debian packages (a few minutes): ${missing[*]}"
    trap services_may_start EXIT
    services_stay_off
    log=$(mktemp)
    if ! install_packages "${missing[@]}" >"$log" 2>&1; then
        tail -n 40 "$log" >&2
        fail "apt-get could not install them; all it said is in $log"
    fi
    rm -f "$log"
    services_may_start
    trap - EXIT
}

KAFKA_LIB=$TOOLS_DIR/kafka/lib

# Copied into a folder of its own and renamed: the jars are all there, or none. The folder keeps the
# list that it was made from: another list, other jars.
setup_kafka() {
    local list=$ROOT/deploy/kafka/pom.xml draft=$KAFKA_LIB.$$ log=$TOOLS_DIR/kafka/maven.log

    user_has_kafka && return
    cmp -s "$list" "$KAFKA_LIB/pom.xml" && return
    say "fetching Apache Kafka's jars with Maven"
    mkdir -p "$TOOLS_DIR/kafka"
    rm -rf "$KAFKA_LIB".*
    if mvn -B -q -f "$list" dependency:copy-dependencies -DincludeScope=runtime \
        -DoutputDirectory="$draft" >"$log" 2>&1; then
        cp "$list" "$draft/pom.xml"
        rm -rf "$KAFKA_LIB"
        mv "$draft" "$KAFKA_LIB"
    else
        rm -rf "$draft"
        warn "Maven could not fetch Apache Kafka ($log): the development broker takes its place"
    fi
}

# What tests read: pinned in deploy/dev/npm, installed without running anybody's scripts.
setup_test_packages() {
    local folder=$TOOLS_DIR/npm

    cmp -s "$ROOT/deploy/dev/npm/package-lock.json" "$folder/installed" && return
    say "fetching the packages that tests read with npm"
    mkdir -p "$folder"
    cp "$ROOT"/deploy/dev/npm/package{,-lock}.json "$folder/"
    if npm ci --prefix "$folder" --ignore-scripts --no-audit --no-fund --loglevel=error; then
        cp "$folder/package-lock.json" "$folder/installed"
    else
        warn "npm could not fetch them: the tests that read them will fail and say so"
    fi
}

# Optimised, with symbols: what is tested and measured here can also be looked at in a debugger.
setup_build_folder() {
    local text

    [[ -e $BUILD_DIR/build.ninja ]] && return
    say "configuring build/"
    rm -rf "$BUILD_DIR"
    if ! text=$(meson setup "$BUILD_DIR" "$ROOT" --buildtype=debugoptimized 2>&1); then
        printf '%s\n' "$text" >&2
        fail "meson could not configure the build"
    fi
}

# A person sees ninja's progress line; a log sees nothing but what went wrong.
run_ninja() {
    local log=$BUILD_DIR/build.log

    if [[ -t 1 ]]; then
        ninja -C "$BUILD_DIR" "$@" || fail "the build failed"
    elif ! ninja -C "$BUILD_DIR" "$@" >"$log" 2>&1; then
        grep -v '^\[[0-9]*/[0-9]*\] [CGL]' "$log" >&2 || true
        fail "the build failed"
    fi
}

build_all() {
    say "building everything"
    run_ninja
}

# The two programs that services need; the rest of the tree may be in pieces.
TOOLS=(deploy/topics/headrace-topics deploy/dev-broker/headrace-dev-broker)

build_tools() {
    run_ninja "${TOOLS[@]}"
}

# What `up` starts. The tests are left to `build` and `test`.
PROGRAMS=(
    cli/headrace trigger-gateway/headrace-gateway coordinator/headrace-coordinator
    worker/headrace-worker
)

build_programs() {
    local known wanted=() program

    known=$(ninja -C "$BUILD_DIR" -t targets all)
    for program in "${PROGRAMS[@]}"; do
        [[ $'\n'$known == *$'\n'"$program: "* ]] && wanted+=("$program")
    done
    say "building the programs"
    run_ninja "${TOOLS[@]}" "${wanted[@]}"
}
