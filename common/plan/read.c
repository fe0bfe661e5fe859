/* Walking an object by the table of its keys. */

#include "common/plan/read.h"

#include "common/base/buf.h"
#include "common/base/check.h"
#include "common/model/limits.h"

#define LISTED_BYTES_MAX 400 /* a message that lists more is not read */
#define NEAR_LOOKS_MAX 50u   /* then the list of known keys says it */

static const ReadKey *find_key(const ReadObject *object, Str key) {
    for (size_t i = 0; i < object->key_count; i++) {
        if (str_is(key, object->keys[i].key))
            return &object->keys[i];
    }
    return NULL;
}

static bool has_key(const ReadKey *key, uint32_t kind) {
    return key->kinds == 0 || kind == 0 || (key->kinds & kind) != 0;
}

static const ReadKey *near_key(Build *build, const ReadObject *object, Str key) {
    const ReadKey *near = NULL;
    uint32_t best = NEAR_NEVER;

    if (build->suggestions_spent++ >= NEAR_LOOKS_MAX)
        return NULL;
    for (size_t i = 0; i < object->key_count; i++) {
        uint32_t distance = text_distance(key, str_of(object->keys[i].key));

        if (distance < best && has_key(&object->keys[i], object->kind)) {
            best = distance;
            near = &object->keys[i];
        }
    }
    return near;
}

static const char *known_keys(Build *build, const ReadObject *object) {
    _cleanup_(buf_done) Buf buf = {0};

    for (size_t i = 0; i < object->key_count && buf.length < LISTED_BYTES_MAX; i++) {
        if (object->keys[i].type != READ_RESERVED && has_key(&object->keys[i], object->kind))
            buf_printf(&buf, "%s%s", buf.length ? ", " : "", object->keys[i].key);
    }
    return buf.length ? str_c(build->arena, buf_str(&buf)) : "no keys";
}

static void complain_unknown(Build *build, const Place *place, const ReadObject *object) {
    const char *shown = text_shown(build->arena, place->key);
    const ReadKey *near = near_key(build, object, place->key);

    if (near != NULL)
        build_complain(build, PROBLEM_UNKNOWN_KEY, place,
                       "`%s` means nothing in %s; did you mean `%s`?", shown, object->name,
                       near->key);
    else
        build_complain(build, PROBLEM_UNKNOWN_KEY, place,
                       "`%s` means nothing in %s; known here: %s", shown, object->name,
                       known_keys(build, object));
}

static void complain_misplaced(Build *build, const Place *place, const ReadKey *key,
                               const ReadObject *object) {
    _cleanup_(buf_done) Buf owners = {0};

    if (key->hint != NULL) {
        build_complain(build, PROBLEM_UNKNOWN_KEY, place, "`%s` means nothing in %s: %s", key->key,
                       object->name, key->hint);
        return;
    }
    for (uint32_t i = 0; i < 32; i++) {
        if (key->kinds & IS(i))
            buf_printf(&owners, "%s%s", owners.length ? ", " : "", object->kind_word(i));
    }
    build_complain(build, PROBLEM_UNKNOWN_KEY, place, "`%s` means nothing in %s; it belongs to %s",
                   key->key, object->name, owners.data);
}

bool read_is(Build *build, const Place *place, const Json *value, uint32_t json) {
    static const char *const words[] = {
        [JSON_NULL] = "null",        [JSON_FALSE] = NULL,        [JSON_TRUE] = "true or false",
        [JSON_NUMBER] = "a number",  [JSON_STRING] = "a string", [JSON_ARRAY] = "an array",
        [JSON_OBJECT] = "an object",
    };
    _cleanup_(buf_done) Buf wanted = {0};

    if (json & IS(value->type))
        return true;
    for (uint32_t i = 0; i < ARRAY_SIZE(words); i++) {
        if ((json & IS(i)) && words[i] != NULL)
            buf_printf(&wanted, "%s%s", wanted.length ? " or " : "", words[i]);
    }
    build_complain(build, PROBLEM_TYPE_MISMATCH, place, "this must be %s, not %s", wanted.data,
                   value->type == JSON_NULL ? "null" : json_type_name(value));
    return false;
}

bool read_number(Build *build, const Place *place, const Json *value, const ReadKey *key,
                 int64_t *ret_number) {
    int64_t number;

    if (!read_is(build, place, value, IS(JSON_NUMBER)))
        return false;
    if (!json_to_int64(value, &number) || number < key->low) {
        bool is_huge = json_real(value) > (double)key->high;

        build_complain(build, is_huge ? PROBLEM_LIMIT_EXCEEDED : PROBLEM_INVALID_VALUE, place,
                       "this must be a whole number from %lld to %lld, not %s", (long long)key->low,
                       (long long)key->high,
                       text_shown(build->arena, json_text(build->arena, value)));
        return false;
    }
    if (number > key->high) {
        build_complain(build, PROBLEM_LIMIT_EXCEEDED, place, "this may be at most %lld, not %lld",
                       (long long)key->high, (long long)number);
        return false;
    }
    *ret_number = number;
    return true;
}

int read_word(Build *build, const Place *place, const Json *value, const char *const *words,
              size_t word_count) {
    _cleanup_(buf_done) Buf list = {0};

    if (!read_is(build, place, value, IS(JSON_STRING)))
        return -1;
    for (size_t i = 0; i < word_count; i++) {
        if (str_is(json_str(value), words[i]))
            return (int)i;
        buf_printf(&list, "%s%s", list.length ? ", " : "", words[i]);
    }
    build_complain(build, PROBLEM_INVALID_VALUE, place, "this must be one of %s, not `%s`",
                   list.data, text_shown(build->arena, json_str(value)));
    return -1;
}

static bool is_id_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

Str read_id(Build *build, const Place *place, const Json *value) {
    Str id = json_str(value);
    bool is_good = id.length > 0;

    if (!read_is(build, place, value, IS(JSON_STRING)))
        return STR_NONE;
    if (id.length > STEP_ID_BYTES_MAX) {
        build_complain(build, PROBLEM_LIMIT_EXCEEDED, place,
                       "an id has at most %d letters, this has %zu", STEP_ID_BYTES_MAX, id.length);
        return STR_NONE;
    }
    for (size_t i = 0; i < id.length; i++)
        is_good = is_good && is_id_letter(id.data[i]);
    if (is_good)
        return id;
    build_complain(build, PROBLEM_INVALID_ID, place,
                   "an id is 1 to %d letters, digits, '_' or '-', not `%s`", STEP_ID_BYTES_MAX,
                   text_shown(build->arena, id));
    return STR_NONE;
}

/* A key of a table, at its place, with its value. */
static void read_value(Build *build, const Place *place, const Json *value, const ReadKey *key,
                       const ReadObject *object) {
    char *at = (char *)object->into + key->at;

    switch (key->type) {
    case READ_CARRIED:
        break;
    case READ_RESERVED:
        build_complain(build, PROBLEM_UNSUPPORTED_FEATURE, place,
                       "`%s` is reserved and does not work yet", key->key);
        break;
    case READ_TEXT:
        if (read_is(build, place, value, IS(JSON_STRING)))
            *(Str *)(void *)at = json_str(value);
        break;
    case READ_FLAG:
        if (read_is(build, place, value, IS(JSON_TRUE) | IS(JSON_FALSE)))
            *(bool *)at = json_is(value, JSON_TRUE);
        break;
    case READ_NUMBER:
        read_number(build, place, value, key, (int64_t *)(void *)at);
        break;
    case READ_PART:
        if (read_is(build, place, value, key->json))
            key->read(build, place, value, object);
        break;
    }
}

static void check_required(Build *build, const Place *place, const Json *value,
                           const ReadObject *object) {
    for (size_t i = 0; i < object->key_count; i++) {
        const ReadKey *key = &object->keys[i];
        bool is_required = key->required == READ_ALWAYS || (key->required & object->kind) != 0;

        if (is_required && json_member(value, str_of(key->key)) == NULL)
            build_complain(build, PROBLEM_MISSING_KEY, place, "%s needs `%s`", object->name,
                           key->key);
    }
}

void read_object(Build *build, const Place *place, const Json *value, const ReadObject *object) {
    if (!read_is(build, place, value, IS(JSON_OBJECT)))
        return;
    for (uint32_t i = 0; i < value->count; i++) {
        const JsonMember *member = &value->members[i];
        const ReadKey *key = find_key(object, member->key);
        Place at = place_key(place, member->key);

        if (key == NULL)
            complain_unknown(build, &at, object);
        else if (!has_key(key, object->kind))
            complain_misplaced(build, &at, key, object);
        else
            read_value(build, &at, &member->value, key, object);
    }
    check_required(build, place, value, object);
}
