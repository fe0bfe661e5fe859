/* headrace-gateway */

#include <stdio.h>
#include <string.h>

#include "trigger-gateway/api/api.h"
#include "trigger-gateway/gateway.h"

/* For the test that asks every route as every role. */
static int print_routes(void) {
    _cleanup_(buf_done) Buf routes = {0};

    api_print_routes(&routes);
    return fwrite(routes.data, 1, routes.length, stdout) == routes.length ? 0 : 1;
}

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "--print-routes") == 0)
        return print_routes();
    return service_main(gateway_spec(), argc, argv);
}
