/*
 * A resolver for test_http_client.py, preloaded: names under .fake are answered here.
 *
 *   inner.fake   127.0.0.1
 *   slow.fake    127.0.0.1, after three seconds
 *   hang.fake    nothing, after a minute
 */

#include <dlfcn.h>
#include <netdb.h>
#include <string.h>
#include <unistd.h>

typedef int (*LookupFn)(const char *, const char *, const struct addrinfo *, struct addrinfo **);

__attribute__((visibility("default"))) int getaddrinfo(const char *name, const char *service,
                                                       const struct addrinfo *hints,
                                                       struct addrinfo **ret_addresses) {
    LookupFn real = (LookupFn)dlsym(RTLD_NEXT, "getaddrinfo");

    if (name && strcmp(name, "slow.fake") == 0)
        sleep(3);
    if (name && strcmp(name, "hang.fake") == 0) {
        sleep(60);
        return EAI_AGAIN;
    }
    if (name && strstr(name, ".fake"))
        name = "127.0.0.1";
    return real(name, service, hints, ret_addresses);
}
