/*
 * Sink: an HTTP service that answers everything with 200 and the same 200 bytes of JSON. It is what
 * the HTTP workload calls; it looks at no more of a request than where it ends.
 *
 *   sink            listens on 127.0.0.1 and prints the port, then serves until killed
 */

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/alloc.h"
#include "common/base/check.h"

#define REQUEST_BYTES_MAX 65536
#define EVENTS_MAX 64
#define BACKLOG 1024

static const char answer[] =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 200\r\n\r\n"
    "{\"ok\":true,\"note\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}";

typedef struct Caller {
    int fd;
    size_t length;
    char bytes[REQUEST_BYTES_MAX + 1];
} Caller;

/* Bytes of the first request, or 0 when it is not all there yet. */
static size_t request_length(const Caller *caller) {
    const char *end = strstr(caller->bytes, "\r\n\r\n");
    size_t body = 0;
    size_t head;

    if (end == NULL)
        return 0;
    head = (size_t)(end - caller->bytes) + 4;
    for (const char *line = caller->bytes; line < end; line = strstr(line, "\r\n") + 2)
        if (strncasecmp(line, "content-length:", 15) == 0)
            body = strtoul(line + 15, NULL, 10);
    return caller->length >= head + body ? head + body : 0;
}

/* False: nobody is there any more, or what came is no request. */
static bool answer_all(Caller *caller) {
    size_t length;

    while ((length = request_length(caller)) > 0) {
        if (write(caller->fd, answer, sizeof answer - 1) != sizeof answer - 1)
            return false;
        caller->length -= length;
        memmove(caller->bytes, caller->bytes + length, caller->length + 1);
    }
    return caller->length < REQUEST_BYTES_MAX;
}

static bool hear(Caller *caller) {
    ssize_t got =
        read(caller->fd, caller->bytes + caller->length, REQUEST_BYTES_MAX - caller->length);

    if (got < 0 && errno == EAGAIN)
        return true;
    if (got <= 0)
        return false;
    caller->length += (size_t)got;
    caller->bytes[caller->length] = '\0';
    return answer_all(caller);
}

static void welcome(int poller, int door) {
    int one = 1, fd = accept4(door, NULL, NULL, SOCK_NONBLOCK);
    Caller *caller;

    if (fd < 0)
        return;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    caller = alloc_zero(sizeof *caller);
    caller->fd = fd;
    CHECK(epoll_ctl(poller, EPOLL_CTL_ADD, fd,
                    &(struct epoll_event){.events = EPOLLIN, .data.ptr = caller}) == 0);
}

static int open_door(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int door = socket(AF_INET, SOCK_STREAM, 0);

    CHECK(bind(door, (struct sockaddr *)&address, sizeof address) == 0);
    CHECK(listen(door, BACKLOG) == 0);
    CHECK(getsockname(door, (struct sockaddr *)&address, &length) == 0);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return door;
}

int main(void) {
    struct epoll_event events[EVENTS_MAX];
    int poller = epoll_create1(0), door = open_door();

    CHECK(sizeof answer - 1 - 200 == strlen("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                                            "Content-Length: 200\r\n\r\n"));
    CHECK(epoll_ctl(poller, EPOLL_CTL_ADD, door,
                    &(struct epoll_event){.events = EPOLLIN, .data.ptr = NULL}) == 0);
    for (;;) {
        int count = epoll_wait(poller, events, EVENTS_MAX, -1);

        for (int i = 0; i < count; i++) {
            Caller *caller = events[i].data.ptr;

            if (caller == NULL) {
                welcome(poller, door);
            } else if (!hear(caller)) {
                close(caller->fd);
                alloc_free(caller);
            }
        }
    }
}
