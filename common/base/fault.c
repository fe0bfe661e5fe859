/* Where faults are born and where they pass. */

#include "common/base/fault.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/base/check.h"

#define TRAIL_BYTES_MAX 512 /* a dozen stops; deeper trails lose their end, never their birth */

static _Thread_local char trail[TRAIL_BYTES_MAX];

static void trail_add(const char *file, int line) {
    size_t used = strlen(trail);

    snprintf(trail + used, sizeof trail - used, "%s%s:%d", used ? " " : "", file, line);
}

int fault_raise_at(int r, const char *file, int line) {
    CHECK(r < 0);
    trail[0] = '\0';
    trail_add(file, line);
    return r;
}

int fault_pass_at(int r, const char *file, int line) {
    CHECK(r <= 0);
    if (r < 0)
        trail_add(file, line);
    return r;
}

int fault_fold_at(int r, const char *file, int line) {
    if (r > 0)
        return fault_raise_at(-EPROTO, file, line);
    return fault_pass_at(r, file, line);
}

const char *fault_trail(void) {
    return trail;
}
