/*
 * Functions written in the language itself. A program pays only for those that it uses: their text
 * is parsed when a call needs it.
 */

#include "common/expr/builtin_private.h"

/* One definition each; name and parameters are read from it. */
static const char *const library[] = {
    "def _assign(paths; $value): reduce path(paths) as $p (.; setpath($p; $value));",
    "def _modify(paths; update): reduce path(paths) as $p ([., []]; . as [$x, $gone] |"
    " first((($x | getpath($p) | update) as $v | [($x | setpath($p; $v)), $gone]), [$x,"
    " $gone + [$p]])) | . as [$x, $gone] | $x | delpaths($gone);",
    "def add(f): reduce f as $x (null; . + $x);",
    "def all: isempty(first(.[] | . and empty));",
    "def all(f): isempty(first(.[] | f and empty));",
    "def all(g; f): isempty(first(g | f and empty));",
    "def any: isempty(first(.[] | . or empty)) | not;",
    "def any(f): isempty(first(.[] | f or empty)) | not;",
    "def any(g; f): isempty(first(g | f or empty)) | not;",
    "def arrays: select(type == \"array\");",
    "def ascii: [.] | implode;",
    "def booleans: select(type == \"boolean\");",
    "def capture(val): match(val) | _capture;",
    "def capture(re; flags): match(re; flags) | _capture;",
    "def combinations: if length == 0 then [] else .[0][] as $x | (.[1:] | combinations) as"
    " $w | [$x] + $w end;",
    "def combinations(n): . as $dot | [range(n)] | map($dot) | combinations;",
    "def date: todate;",
    "def dateadd(u; n): . + n;",
    "def datesub(u; n): . - n;",
    "def del(f): delpaths([path(f)]);",
    "def finites: select(isinfinite or isnan | not);",
    "def fromdate: fromdateiso8601;",
    "def fromdateiso8601: strptime(\"%Y-%m-%dT%H:%M:%SZ\") | mktime;",
    "def fromstream(f): {x: null, e: false} as $init | foreach f as $i ($init; if .e then"
    " $init else . end | if ($i | length) == 2 then setpath([\"e\"]; ($i[0] | length) == 0)"
    " | setpath([\"x\"] + $i[0]; $i[1]) else setpath([\"e\"]; ($i[0] | length) == 1) end;"
    " if .e then .x else empty end);",
    "def group_by(f): _group_by(map([f]));",
    "def gsub(re; str): sub(re; str; \"g\");",
    "def gsub(re; str; $flags): sub(re; str; $flags + \"g\");",
    "def have_decnum: false;",
    "def have_literal_numbers: true;",
    "def in(xs): . as $x | xs | has($x);",
    "def IN(s): any(s == .; .);",
    "def IN(src; s): any(src == s; .);",
    "def INDEX(f): INDEX(.[]; f);",
    "def INDEX(s; f): reduce s as $row ({}; .[$row | f | tostring] |= $row);",
    "def inside(xs): . as $x | xs | contains($x);",
    "def isempty(g): first((g | false), true);",
    "def isvalid(f): try (f | true) catch false;",
    "def iterables: select(type | . == \"array\" or . == \"object\");",
    "def JOIN($index; f): [.[] | [., $index[f]]];",
    "def JOIN($index; stream; f): stream | [., $index[f]];",
    "def JOIN($index; stream; f; join): stream | [., $index[f]] | join;",
    "def last(f): reduce f as $x (null; $x);",
    "def leaf_paths: paths(scalars);",
    "def map_values(f): .[] |= f;",
    "def match($val): ($val | type) as $t | if $t == \"string\" then match($val; null) elif"
    " $t == \"array\" and ($val | length) > 1 then match($val[0]; $val[1]) elif $t =="
    " \"array\" and ($val | length) > 0 then match($val[0]; null) else error($t + \" not a"
    " string or array\") end;",
    "def match(re; flags): _match(re; flags; false) | .[];",
    "def max_by(f): _max_by(map([f]));",
    "def min_by(f): _min_by(map([f]));",
    "def normals: select(isnormal);",
    "def nth($n): .[$n];",
    "def nth($n; f): if $n < 0 then error(\"nth doesn't support negative indices\") else"
    " first(skip($n; f)) end;",
    "def nulls: select(. == null);",
    "def numbers: select(type == \"number\");",
    "def objects: select(type == \"object\");",
    "def paths: path(..) | select(length > 0);",
    "def paths(f): path(.. | select(f)) | select(length > 0);",
    "def pick(f): . as $top | reduce path(f) as $p (null; setpath($p; $top | getpath($p)));",
    "def recurse: def r: ., (.[]? | r); r;",
    "def recurse(f): def r: ., (f | r); r;",
    "def recurse(f; cond): def r: ., (f | select(cond) | r); r;",
    "def repeat(f): def _r: f, _r; _r;",
    "def scalars: select(type | . != \"array\" and . != \"object\");",
    "def scan($re): scan($re; null);",
    "def scan($re; $flags): match($re; \"g\" + $flags) | if (.captures | length) > 0 then"
    " [.captures[].string] else .string end;",
    "def skip($n; f): if $n > 0 then foreach f as $x ($n; . - 1; if . < 0 then $x else"
    " empty end) elif $n == 0 then f else error(\"Out of bounds negative count\") end;",
    "def sort_by(f): _sort_by(map([f]));",
    "def split($re; flags): . as $s | [foreach ((match($re; flags + \"g\") | [.offset,"
    " .length]), null) as $m ([0, null]; if $m == null then [0, $s[.[0]:]] else [$m[0] +"
    " $m[1], $s[.[0]:$m[0]]] end; .[1])];",
    "def splits($re): splits($re; null);",
    "def splits($re; flags): split($re; flags) | .[];",
    "def strings: select(type == \"string\");",
    "def sub(re; str): sub(re; str; \"\");",
    "def sub($re; str; $flags): . as $in | (reduce match($re; $flags) as $m ({result: [],"
    " previous: 0}; $in[.previous:$m.offset] as $gap | [$m | _capture | str] as $inserts |"
    " reduce range($inserts | length) as $i (.; .result[$i] += $gap + $inserts[$i]) |"
    " .previous = $m.offset + $m.length) | .result[] + $in[.previous:]) // $in;",
    "def test($val): ($val | type) as $t | if $t == \"string\" then _match($val; null;"
    " true) elif $t == \"array\" and ($val | length) > 1 then _match($val[0]; $val[1];"
    " true) elif $t == \"array\" and ($val | length) > 0 then _match($val[0]; null; true)"
    " else error($t + \" not a string or array\") end;",
    "def test(re; flags): _match(re; flags; true);",
    "def todate: strftime(\"%Y-%m-%dT%H:%M:%SZ\");",
    "def todateiso8601: strftime(\"%Y-%m-%dT%H:%M:%SZ\");",
    "def tostream: path(def r: (.[]? | r), .; r) as $p | getpath($p) | reduce path(.[]?) as"
    " $q ([$p, .]; [$p + $q]);",
    "def truncate_stream(stream): . as $n | null | stream | . as $input | if (.[0] |"
    " length) > $n then setpath([0]; .[0][$n:]) else empty end;",
    "def unique_by(f): [group_by(f)[] | .[0]];",
    "def until(cond; update): def _u: if cond then . else (update | _u) end; _u;",
    "def values: select(. != null);",
    "def walk(f): def w: if type == \"object\" then map_values(w) elif type == \"array\""
    " then map(w) else . end | f; w;",
    "def while(cond; update): def _w: if cond then ., (update | _w) else empty end; _w;",
    "def with_entries(f): to_entries | map(f) | from_entries;",
};

/* The name of a definition, and how many parameters it has. */
static Str signature(const char *text, uint32_t *ret_arity) {
    Str name = str_of(text + sizeof "def " - 1);
    size_t length = 0;

    while (name.data[length] != ':' && name.data[length] != '(')
        length++;
    *ret_arity = name.data[length] == '(';
    for (size_t i = length; *ret_arity > 0 && name.data[i] != ')'; i++)
        *ret_arity += name.data[i] == ';';
    return str_slice(name, 0, length);
}

const char *library_find(Str name, size_t arity) {
    for (size_t i = 0; i < ARRAY_SIZE(library); i++) {
        uint32_t parameters;

        if (str_equal(signature(library[i], &parameters), name) && parameters == arity)
            return library[i];
    }
    return NULL;
}

void library_names(BuiltinNameFn fn, void *context) {
    for (size_t i = 0; i < ARRAY_SIZE(library); i++) {
        uint32_t arity;
        Str name = signature(library[i], &arity);

        fn(context, name, arity);
    }
}
