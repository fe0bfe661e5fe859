/*
 * Functions written in the language itself. A program pays only for those that it uses: their text
 * is parsed when a call needs it.
 */

#include "common/expr/builtin_private.h"

typedef struct LibraryEntry {
    const char *name;
    uint32_t arity;
    const char *text;
} LibraryEntry;

static const LibraryEntry library[] = {
    {"_assign",              2,
     "def _assign(paths; $value): reduce path(paths) as $p (.; setpath($p; $value));"                        },
    {"_modify",              2,
     "def _modify(paths; update): reduce path(paths) as $p ([., []]; . as [$x, $gone]"
     " | first((($x | getpath($p) | update) as $v | [($x | setpath($p; $v)), $gone]),"
     " [$x, $gone + [$p]])) | . as [$x, $gone] | $x | delpaths($gone);"                                      },
    {"recurse",              0, "def recurse: def r: ., (.[]? | r); r;"                                      },
    {"recurse",              1, "def recurse(f): def r: ., (f | r); r;"                                      },
    {"recurse",              2, "def recurse(f; cond): def r: ., (f | select(cond) | r); r;"                 },
    {"map_values",           1, "def map_values(f): .[] |= f;"                                               },
    {"with_entries",         1, "def with_entries(f): to_entries | map(f) | from_entries;"                   },
    {"del",                  1, "def del(f): delpaths([path(f)]);"                                           },
    {"paths",                0, "def paths: path(..) | select(length > 0);"                                  },
    {"paths",                1, "def paths(f): path(.. | select(f)) | select(length > 0);"                   },
    {"leaf_paths",           0, "def leaf_paths: paths(scalars);"                                            },
    {"pick",                 1,
     "def pick(f): . as $top | reduce path(f) as $p (null; setpath($p; $top | getpath($p)));"                },
    {"while",                2,
     "def while(cond; update): def _w: if cond then ., (update | _w) else empty end; _w;"                    },
    {"until",                2, "def until(cond; update): def _u: if cond then . else (update | _u) end; _u;"},
    {"repeat",               1, "def repeat(f): def _r: f, _r; _r;"                                          },
    {"inside",               1, "def inside(xs): . as $x | xs | contains($x);"                               },
    {"in",                   1, "def in(xs): . as $x | xs | has($x);"                                        },
    {"isempty",              1, "def isempty(g): first((g | false), true);"                                  },
    {"add",                  1, "def add(f): reduce f as $x (null; . + $x);"                                 },
    {"all",                  0, "def all: isempty(first(.[] | . and empty));"                                },
    {"all",                  1, "def all(f): isempty(first(.[] | f and empty));"                             },
    {"all",                  2, "def all(g; f): isempty(first(g | f and empty));"                            },
    {"any",                  0, "def any: isempty(first(.[] | . or empty)) | not;"                           },
    {"any",                  1, "def any(f): isempty(first(.[] | f or empty)) | not;"                        },
    {"any",                  2, "def any(g; f): isempty(first(g | f or empty)) | not;"                       },
    {"last",                 1, "def last(f): reduce f as $x (null; $x);"                                    },
    {"nth",                  1, "def nth($n): .[$n];"                                                        },
    {"nth",                  2,
     "def nth($n; f): if $n < 0 then error(\"Out of bounds negative array index\")"
     " else first(skip($n; f)) end;"                                                                         },
    {"skip",                 2,
     "def skip($n; f): if $n > 0 then foreach f as $x ($n; . - 1; if . < 0 then $x else empty end)"
     " elif $n == 0 then f else error(\"Out of bounds negative count\") end;"                                },
    {"combinations",         0,
     "def combinations: if length == 0 then [] else .[0][] as $x"
     " | (.[1:] | combinations) as $w | [$x] + $w end;"                                                      },
    {"combinations",         1, "def combinations(n): . as $dot | [range(n)] | map($dot) | combinations;"    },
    {"walk",                 1,
     "def walk(f): def w: if type == \"object\" then map_values(w)"
     " elif type == \"array\" then map(w) else . end | f; w;"                                                },
    {"sort_by",              1, "def sort_by(f): _sort_by(map([f]));"                                        },
    {"group_by",             1, "def group_by(f): _group_by(map([f]));"                                      },
    {"unique_by",            1, "def unique_by(f): [group_by(f)[] | .[0]];"                                  },
    {"min_by",               1, "def min_by(f): _min_by(map([f]));"                                          },
    {"max_by",               1, "def max_by(f): _max_by(map([f]));"                                          },
    {"values",               0, "def values: select(. != null);"                                             },
    {"nulls",                0, "def nulls: select(. == null);"                                              },
    {"booleans",             0, "def booleans: select(type == \"boolean\");"                                 },
    {"numbers",              0, "def numbers: select(type == \"number\");"                                   },
    {"strings",              0, "def strings: select(type == \"string\");"                                   },
    {"arrays",               0, "def arrays: select(type == \"array\");"                                     },
    {"objects",              0, "def objects: select(type == \"object\");"                                   },
    {"iterables",            0, "def iterables: select(type | . == \"array\" or . == \"object\");"           },
    {"scalars",              0, "def scalars: select(type | . != \"array\" and . != \"object\");"            },
    {"finites",              0, "def finites: select(isinfinite or isnan | not);"                            },
    {"normals",              0, "def normals: select(isnormal);"                                             },
    {"isvalid",              1, "def isvalid(f): try (f | true) catch false;"                                },
    {"match",                1,
     "def match($val): ($val | type) as $t | if $t == \"string\" then match($val; null)"
     " elif $t == \"array\" and ($val | length) > 1 then match($val[0]; $val[1])"
     " elif $t == \"array\" and ($val | length) > 0 then match($val[0]; null)"
     " else error($t + \" not a string or array\") end;"                                                     },
    {"match",                2, "def match(re; flags): _match(re; flags; false) | .[];"                      },
    {"test",                 1,
     "def test($val): ($val | type) as $t | if $t == \"string\" then _match($val; null; true)"
     " elif $t == \"array\" and ($val | length) > 1 then _match($val[0]; $val[1]; true)"
     " elif $t == \"array\" and ($val | length) > 0 then _match($val[0]; null; true)"
     " else error($t + \" not a string or array\") end;"                                                     },
    {"test",                 2, "def test(re; flags): _match(re; flags; true);"                              },
    {"capture",              1, "def capture(val): match(val) | _capture;"                                   },
    {"capture",              2, "def capture(re; flags): match(re; flags) | _capture;"                       },
    {"scan",                 1, "def scan($re): scan($re; null);"                                            },
    {"scan",                 2,
     "def scan($re; $flags): match($re; \"g\" + $flags)"
     " | if (.captures | length) > 0 then [.captures[].string] else .string end;"                            },
    {"split",                2,
     "def split($re; flags): . as $s | [foreach ((match($re; flags + \"g\") | [.offset, .length]),"
     " null) as $m ([0, null]; if $m == null then [0, $s[.[0]:]]"
     " else [$m[0] + $m[1], $s[.[0]:$m[0]]] end; .[1])];"                                                    },
    {"splits",               1, "def splits($re): splits($re; null);"                                        },
    {"splits",               2, "def splits($re; flags): split($re; flags) | .[];"                           },
    {"sub",                  2, "def sub(re; str): sub(re; str; \"\");"                                      },
    {"sub",                  3,
     "def sub($re; str; $flags): . as $in | (reduce match($re; $flags) as $m"
     " ({result: [], previous: 0}; $in[.previous:$m.offset] as $gap"
     " | [$m | _capture | str] as $inserts"
     " | reduce range($inserts | length) as $i (.; .result[$i] += $gap + $inserts[$i])"
     " | .previous = $m.offset + $m.length) | .result[] + $in[.previous:]) // $in;"                          },
    {"gsub",                 2, "def gsub(re; str): sub(re; str; \"g\");"                                    },
    {"gsub",                 3, "def gsub(re; str; $flags): sub(re; str; $flags + \"g\");"                   },
    {"ascii",                0, "def ascii: [.] | implode;"                                                  },
    {"tostream",             0,
     "def tostream: path(def r: (.[]? | r), .; r) as $p | getpath($p)"
     " | reduce path(.[]?) as $q ([$p, .]; [$p + $q]);"                                                      },
    {"fromstream",           1,
     "def fromstream(f): {x: null, e: false} as $init | foreach f as $i ($init;"
     " if .e then $init else . end | if ($i | length) == 2"
     " then setpath([\"e\"]; ($i[0] | length) == 0) | setpath([\"x\"] + $i[0]; $i[1])"
     " else setpath([\"e\"]; ($i[0] | length) == 1) end; if .e then .x else empty end);"                     },
    {"truncate_stream",      1,
     "def truncate_stream(stream): . as $n | null | stream | . as $input"
     " | if (.[0] | length) > $n then setpath([0]; .[0][$n:]) else empty end;"                               },
    {"INDEX",                1, "def INDEX(f): INDEX(.[]; f);"                                               },
    {"INDEX",                2, "def INDEX(s; f): reduce s as $row ({}; .[$row | f | tostring] |= $row);"    },
    {"IN",                   1, "def IN(s): any(s == .; .);"                                                 },
    {"IN",                   2, "def IN(src; s): any(src == s; .);"                                          },
    {"have_decnum",          0, "def have_decnum: false;"                                                    },
    {"have_literal_numbers", 0, "def have_literal_numbers: true;"                                            },
};

const char *library_find(Str name, size_t arity) {
    for (size_t i = 0; i < ARRAY_SIZE(library); i++) {
        if (library[i].arity == arity && str_is(name, library[i].name))
            return library[i].text;
    }
    return NULL;
}

typedef BuiltinTable (*TableFn)(void);

void builtin_names(BuiltinNameFn fn, void *context) {
    static const TableFn tables[] = {builtin_list,  builtin_text, builtin_math,  builtin_path,
                                     builtin_regex, builtin_time, builtin_format};

    for (size_t i = 0; i < ARRAY_SIZE(library); i++)
        fn(context, library[i].name, library[i].arity);
    for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
        BuiltinTable table = tables[i]();

        for (size_t k = 0; k < table.count; k++)
            fn(context, table.entries[k].name, table.entries[k].arity);
    }
}
