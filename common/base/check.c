/* The end of a process whose own logic is wrong. */

#include "common/base/check.h"

#include <stdio.h>
#include <stdlib.h>

void check_failed(const char *condition, const char *file, int line) {
    /* The one place above the waiting line that writes: nothing else will run after it. */
    fprintf(stderr, "CHECK failed: %s at %s:%d\n", condition, file, line);
    abort();
}
