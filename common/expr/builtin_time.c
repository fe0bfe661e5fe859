/* Functions of time, in UTC and the C locale. The present is that of the evaluation's context. */

#include <math.h>
#include <string.h>

#include "common/expr/builtin_private.h"

static int time_now(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    (void)input;
    (void)args;
    *ret_value = json_number((double)machine->context->now_ms / 1000);
    return 0;
}

BuiltinTable builtin_time(void) {
    static const Builtin entries[] = {
        {"now", 0, time_now, true},
    };

    return (BuiltinTable){entries, ARRAY_SIZE(entries)};
}
