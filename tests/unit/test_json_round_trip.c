/* Properties that hold for any document: what is written is read as the same value. */

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "common/base/rand.h"
#include "common/json/json.h"
#include "common/json/storable.h"

#define DOCUMENTS 3000
#define DEPTH_MAX 6

static Arena arena;
static Rand dice;

static void start(void) {
    rand_seed(&dice, 20260101);
}

static void clear(void) {
    arena_done(&arena);
}

TestSuite(json_round_trip, .init = start, .fini = clear);

static Json any_string(void) {
    static const char *const parts[] = {
        "a",
        "order",
        " ",
        "\"",
        "\\",
        "/",
        "\n",
        "\x7f",
        "\x01",
        "\xc3\xa9",
        "\xe2\x82\xac",
        "\xf0\x9f\x98\x80",
        "\xef\xbf\xbf",
        "{}[]:,",
        "eight by",
        "\xed\x9f\xbf",
    };
    _cleanup_(buf_done) Buf buf = {0};
    uint64_t count = rand_below(&dice, 8);

    for (uint64_t i = 0; i < count; i++)
        buf_add_text(&buf, parts[rand_below(&dice, ARRAY_SIZE(parts))]);
    if (rand_below(&dice, 20) == 0)
        buf_add_char(&buf, '\0');
    return json_string_copy(&arena, buf_str(&buf));
}

static Json any_number(void) {
    uint64_t bits = rand_next(&dice);
    double number;

    switch (rand_below(&dice, 4)) {
    case 0:
        return json_integer(&arena, (int64_t)(bits >> rand_below(&dice, 64)));
    case 1:
        return json_number((double)(int64_t)(bits >> 40) / 100);
    case 2:
        memcpy(&number, &bits, sizeof number);
        return json_number(isfinite(number) ? number : 0);
    default:
        return json_number((double)rand_below(&dice, 100));
    }
}

static Json any_value(int depth);

static Json any_array(int depth) {
    JsonArray array = {.arena = &arena};
    uint64_t count = rand_below(&dice, 6);

    for (uint64_t i = 0; i < count; i++)
        json_push(&array, any_value(depth));
    return json_array_done(&array);
}

static Json any_object(int depth) {
    JsonObject object = {.arena = &arena};
    uint64_t count = rand_below(&dice, 20) ? rand_below(&dice, 6) : rand_below(&dice, 60);

    for (uint64_t i = 0; i < count; i++) {
        Json key = any_string();

        json_add(&object, json_str(&key), any_value(depth));
    }
    return json_object_done(&object);
}

static Json any_value(int depth) {
    switch (rand_below(&dice, depth < DEPTH_MAX ? 8 : 5)) {
    case 0:
        return json_null();
    case 1:
        return json_bool(rand_below(&dice, 2));
    case 2:
    case 3:
        return any_string();
    case 4:
        return any_number();
    case 5:
        return any_array(depth + 1);
    default:
        return any_object(depth + 1);
    }
}

static Json parsed(Str text) {
    Json value = {0};
    JsonMistake mistake = {0};

    cr_assert_eq(json_parse(&arena, text, JSON_LIMITS_DEFAULT, &value, &mistake), 0,
                 "%s at %zu of %.*s", mistake.message, mistake.offset, STR_ARGS(text));
    return value;
}

Test(json_round_trip, what_is_written_is_read_as_the_same_value) {
    for (int i = 0; i < DOCUMENTS; i++) {
        Json value = any_value(0);
        Str text = json_text(&arena, &value);
        Json again = parsed(text);

        cr_assert(json_equal(&value, &again), "%s", text.data);
        cr_assert_eq(json_compare(&value, &again), 0);
        cr_assert(str_equal(json_text(&arena, &again), text), "%s", text.data);
        arena_reset(&arena);
    }
}

Test(json_round_trip, the_pretty_form_is_the_same_value) {
    for (int i = 0; i < DOCUMENTS; i++) {
        _cleanup_(buf_done) Buf buf = {0};
        Json value = any_value(0), again;

        json_write_pretty(&buf, &value);
        again = parsed(buf_str(&buf));
        cr_assert(str_equal(json_text(&arena, &again), json_text(&arena, &value)), "%s", buf.data);
        arena_reset(&arena);
    }
}

Test(json_round_trip, a_copy_is_the_same_value) {
    for (int i = 0; i < DOCUMENTS; i++) {
        _cleanup_(arena_done) Arena other = {0};
        Json value = any_value(0);
        Str text = json_text(&other, &value);
        Json copy = json_copy(&other, &value);

        arena_reset(&arena);
        cr_assert(str_equal(json_text(&other, &copy), text), "%s", text.data);
    }
}

Test(json_round_trip, order_is_antisymmetric_and_agrees_with_equality) {
    for (int i = 0; i < DOCUMENTS; i++) {
        Json a = any_value(0), b = any_value(0);

        cr_assert_eq(json_compare(&a, &b), -json_compare(&b, &a));
        cr_assert_eq(json_equal(&a, &b), json_compare(&a, &b) == 0);
        arena_reset(&arena);
    }
}

Test(json_round_trip, a_tree_is_storable_exactly_when_its_text_is) {
    int refusals = 0;

    for (int i = 0; i < DOCUMENTS; i++) {
        Json value = any_value(0);
        Str text = json_text(&arena, &value);
        int r = json_storable(text, NULL);

        cr_assert_eq(json_value_storable(&value, NULL), r, "%s", text.data);
        refusals += r != 0;
        arena_reset(&arena);
    }
    cr_assert(refusals > DOCUMENTS / 100 && refusals < DOCUMENTS / 2, "%d", refusals);
}
