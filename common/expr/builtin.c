/* All functions by name: the tables of C, and what is refused. */

#include "common/expr/builtin_private.h"

#include <string.h>

typedef BuiltinTable (*TableFn)(void);

static const TableFn tables[] = {
    builtin_list,  builtin_text, builtin_math,   builtin_path,
    builtin_regex, builtin_time, builtin_format,
};

const Builtin *builtin_find(Str name, size_t arity) {
    for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
        BuiltinTable table = tables[i]();

        for (size_t k = 0; k < table.count; k++) {
            if (table.entries[k].arity == arity && str_is(name, table.entries[k].name))
                return &table.entries[k];
        }
    }
    return NULL;
}

const char *builtin_forbidden(Str name) {
    static const struct {
        const char *name;
        const char *why;
    } refused[] = {
        {"env",               "a program sees no environment"             },
        {"input",             "a program has one input, `.`"              },
        {"inputs",            "a program has one input, `.`"              },
        {"debug",             "a program writes nothing but its results"  },
        {"stderr",            "a program writes nothing but its results"  },
        {"input_filename",    "a program knows no files"                  },
        {"input_line_number", "a program knows no files"                  },
        {"halt",              "a program cannot end the engine; use error"},
        {"halt_error",        "a program cannot end the engine; use error"},
        {"modulemeta",        "a program may not read files"              },
        {"get_search_list",   "a program may not read files"              },
        {"get_prog_origin",   "a program knows no files"                  },
        {"get_jq_origin",     "a program knows no files"                  },
    };

    for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
        if (str_is(name, refused[i].name))
            return refused[i].why;
    }
    return NULL;
}

void builtin_names(BuiltinNameFn fn, void *context) {
    library_names(fn, context);
    for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
        BuiltinTable table = tables[i]();

        for (size_t k = 0; k < table.count; k++)
            fn(context, str_of(table.entries[k].name), table.entries[k].arity);
    }
}
