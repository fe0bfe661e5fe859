/* The API's routes, one a line: method, path, verb, lowest role. For the tests of the API. */

#include <stdio.h>

#include "trigger-gateway/api/route.h"

int main(void) {
    Buf buf = {0};

    routes_print(&buf);
    fputs(buf.data, stdout);
    buf_done(&buf);
    return 0;
}
