# Loopback ports: chosen once per stack and kept, so that addresses survive a restart.

# Below the range from which the system takes the ports of outgoing connections.
PORT_FIRST=20000
PORT_COUNT=12000

port_is_free() {
    ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

port_is_open() {
    ! port_is_free "$1"
}

port_known() {
    [[ -r $DEV_DIR/ports ]] && sed -n "s/^$1 //p" "$DEV_DIR/ports"
}

port_choose() {
    local port

    while :; do
        port=$((PORT_FIRST + SRANDOM % PORT_COUNT))
        grep -q " $port\$" "$DEV_DIR/ports" 2>/dev/null && continue
        port_is_free "$port" && break
    done
    {
        grep -v "^$1 " "$DEV_DIR/ports" 2>/dev/null || true
        echo "$1 $port"
    } >"$DEV_DIR/ports.new"
    mv "$DEV_DIR/ports.new" "$DEV_DIR/ports"
}

# The port for something that is about to start: the one it had, unless somebody else took it.
port_for() {
    local port

    port=$(port_known "$1") || true
    if [[ -z $port ]] || ! port_is_free "$port"; then
        port_choose "$1"
    fi
    port_known "$1"
}
