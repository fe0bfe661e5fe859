/* One dead letter, shown. */

#include "cli/letter_print.h"

#include <stdio.h>

#include "cli/letter_message.h"
#include "cli/table.h"

#define DUMPED_BYTES_MAX 4096 /* a screen or two; --raw gives all of it */
#define LINE_BYTES 16

/* ── people ─────────────────────────────────────────────────────────────────────────────────── */

static bool is_text(Str bytes) {
    if (!str_is_utf8(bytes))
        return false;
    for (size_t i = 0; i < bytes.length; i++) {
        unsigned char c = (unsigned char)bytes.data[i];

        if ((c < 0x20 && c != '\n' && c != '\t' && c != '\r') || c == 0x7f)
            return false;
    }
    return true;
}

static void print_line(Str bytes, size_t start) {
    Str line = str_slice(bytes, start, LINE_BYTES);

    printf("  %06zx ", start);
    for (size_t i = 0; i < LINE_BYTES; i++) {
        if (i < line.length)
            printf(" %02x", (unsigned char)line.data[i]);
        else
            printf("   ");
    }
    printf("  ");
    for (size_t i = 0; i < line.length; i++)
        putchar(line.data[i] >= 0x20 && line.data[i] < 0x7f ? line.data[i] : '.');
    putchar('\n');
}

static void print_bytes(Str bytes) {
    Str shown = str_slice(bytes, 0, DUMPED_BYTES_MAX);

    printf("\nbytes (%zu)\n", bytes.length);
    if (is_text(bytes)) {
        printf("%.*s\n", STR_ARGS(shown));
    } else {
        for (size_t start = 0; start < shown.length; start += LINE_BYTES)
            print_line(shown, start);
    }
    if (shown.length < bytes.length)
        printf("  … and %zu more; --raw writes all of them\n", bytes.length - shown.length);
}

static void print_message(const Letter *letter, Arena *arena) {
    LetterMessage message = letter_message(letter, arena);
    Buf text = {0};

    if (message.refusal != NULL) {
        printf("\nmessage: cannot be read (%s)\n", message.refusal);
    } else if (json_is(&message.value, JSON_OBJECT)) {
        json_write_pretty(&text, &message.value);
        printf("\nmessage\n%.*s\n", STR_ARGS(buf_str(&text)));
    }
    buf_done(&text);
}

void letter_print(const Letter *letter, Arena *arena) {
    Json facts = letter_json(letter, arena);

    for (uint32_t i = 0; i < facts.count; i++)
        printf("%-10.*s %.*s\n", STR_ARGS(facts.members[i].key),
               STR_ARGS(table_cell(arena, &facts.members[i].value)));
    for (uint32_t i = 0; i < letter->header_count; i++) {
        Json name = json_string(letter->headers[i].name), value;

        value = json_string(letter->headers[i].value);
        printf("header     %.*s: %.*s\n", STR_ARGS(table_cell(arena, &name)),
               STR_ARGS(table_cell(arena, &value)));
    }
    print_message(letter, arena);
    print_bytes(letter->value);
}

/* ── programs ───────────────────────────────────────────────────────────────────────────────── */

static Json hex(Str bytes, Arena *arena) {
    Buf text = {0};
    Json value;

    for (size_t i = 0; i < bytes.length; i++)
        buf_printf(&text, "%02x", (unsigned char)bytes.data[i]);
    value = json_string_copy(arena, buf_str(&text));
    buf_done(&text);
    return value;
}

static void add_bytes(JsonObject *object, Str bytes) {
    if (str_is_utf8(bytes))
        json_add(object, STR("text"), json_string(bytes));
    else
        json_add(object, STR("hex"), hex(bytes, object->arena));
}

static Json headers_json(const Letter *letter, Arena *arena) {
    JsonArray all = {.arena = arena};

    for (uint32_t i = 0; i < letter->header_count; i++) {
        JsonObject one = {.arena = arena};

        json_add(&one, STR("name"), json_string(letter->headers[i].name));
        add_bytes(&one, letter->headers[i].value);
        json_push(&all, json_object_done(&one));
    }
    return json_array_done(&all);
}

void letter_print_json(const Letter *letter, Arena *arena) {
    Json facts = letter_json(letter, arena), whole;
    LetterMessage message = letter_message(letter, arena);
    JsonObject object = {.arena = arena};
    Buf text = {0};

    for (uint32_t i = 0; i < facts.count; i++)
        json_add(&object, facts.members[i].key, facts.members[i].value);
    json_add(&object, STR("headers"), headers_json(letter, arena));
    json_add(&object, STR("message"), message.value);
    add_bytes(&object, letter->value);
    whole = json_object_done(&object);
    json_write(&text, &whole);
    printf("%.*s\n", STR_ARGS(buf_str(&text)));
    buf_done(&text);
}

void letter_print_raw(const Letter *letter) {
    fwrite(letter->value.data, 1, letter->value.length, stdout);
}
