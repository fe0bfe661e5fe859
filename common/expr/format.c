/* The formats: `@name` as a function, and inside strings. */

#include <string.h>

#include "common/expr/builtin_private.h"

static int format_text(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    (void)args;
    return value_text(machine, input, ret_value);
}

static int format_json(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    (void)args;
    return value_json(machine, input, ret_value);
}

/* What each of the five characters becomes. */
static const char *html_of(char c) {
    switch (c) {
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '&':
        return "&amp;";
    case '\'':
        return "&apos;";
    case '"':
        return "&quot;";
    default:
        return NULL;
    }
}

static int format_html(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    Text text = machine_text(machine);
    Json whole;
    int r = value_text(machine, input, &whole);

    (void)args;
    for (uint32_t i = 0; r == 0 && i < whole.count; i++) {
        const char *escaped = html_of(whole.text[i]);

        if (escaped != NULL)
            text_add(&text, str_of(escaped));
        else
            text_add_char(&text, whole.text[i]);
    }
    return r ? r : machine_text_done(machine, &text, ret_value);
}

static bool is_unreserved(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c == '~';
}

static int format_uri(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    static const char digits[] = "0123456789ABCDEF";
    Text text = machine_text(machine);
    Json whole;
    int r = value_text(machine, input, &whole);

    (void)args;
    for (uint32_t i = 0; r == 0 && i < whole.count; i++) {
        unsigned char c = (unsigned char)whole.text[i];

        if (is_unreserved((char)c)) {
            text_add_char(&text, (char)c);
            continue;
        }
        text_add_char(&text, '%');
        text_add_char(&text, digits[c >> 4]);
        text_add_char(&text, digits[c & 15]);
    }
    return r ? r : machine_text_done(machine, &text, ret_value);
}

static int hex_of(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static int format_urid(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    Text text = machine_text(machine);
    Json whole;
    int r = value_text(machine, input, &whole);

    (void)args;
    for (uint32_t i = 0; r == 0 && i < whole.count; i++) {
        char c = whole.text[i];

        if (c == '%') {
            bool is_whole = i + 2 < whole.count;
            int high = is_whole ? hex_of(whole.text[i + 1]) : -1;
            int low = is_whole ? hex_of(whole.text[i + 2]) : -1;

            if (high < 0 || low < 0)
                return machine_fail(machine, "%s is not a valid uri encoding",
                                    value_shown(machine, input));
            c = (char)(high * 16 + low);
            i += 2;
        }
        text_add_char(&text, c);
    }
    if (r == 0 && !str_is_utf8(text_str(&text)))
        return machine_fail(machine, "%s is not a valid uri encoding", value_shown(machine, input));
    return r ? r : machine_text_done(machine, &text, ret_value);
}

/* How a row of a table is written. */
typedef struct RowStyle {
    const char *name;
    char separator;
    int (*add_text)(Text *text, Str cell);
} RowStyle;

static int add_csv(Text *text, Str cell) {
    text_add_char(text, '"');
    for (size_t i = 0; i < cell.length; i++) {
        if (cell.data[i] == '"')
            text_add_char(text, '"');
        text_add_char(text, cell.data[i]);
    }
    text_add_char(text, '"');
    return 0;
}

static int add_tsv(Text *text, Str cell) {
    for (size_t i = 0; i < cell.length; i++) {
        char c = cell.data[i];
        const char *found = strchr("\tt\nn\rr\\\\", c);

        if (c == '\t' || c == '\n' || c == '\r' || c == '\\') {
            text_add_char(text, '\\');
            c = found[1];
        }
        text_add_char(text, c);
    }
    return 0;
}

static int write_row(Machine *machine, const Json *row, const RowStyle *style, Json *ret_value) {
    Text text = machine_text(machine);
    int r = machine_charge(machine, row->count);

    if (!value_is(row, JSON_ARRAY))
        return machine_fail(machine, "%s cannot be %s-formatted, only an array can be",
                            value_shown(machine, row), style->name);
    for (uint32_t i = 0; i < row->count && r == 0; i++) {
        const Json *cell = &row->items[i];
        Json shown;

        if (i > 0)
            text_add_char(&text, style->separator);
        if (cell->type >= JSON_ARRAY)
            return machine_fail(machine, "%s is not valid in a %s row", value_shown(machine, cell),
                                style->name);
        if (value_is(cell, JSON_NULL))
            continue;
        if (value_is(cell, JSON_STRING)) {
            r = style->add_text(&text, json_str(cell));
            continue;
        }
        r = value_text(machine, cell, &shown);
        if (r == 0)
            text_add(&text, json_str(&shown));
    }
    return r ? r : machine_text_done(machine, &text, ret_value);
}

static int format_csv(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    static const RowStyle style = {"csv", ',', add_csv};

    (void)args;
    return write_row(machine, input, &style, ret_value);
}

static int format_tsv(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    static const RowStyle style = {"tsv", '\t', add_tsv};

    (void)args;
    return write_row(machine, input, &style, ret_value);
}

static int add_word(Machine *machine, Text *text, const Json *word) {
    Json shown;
    int r;

    if (word->type >= JSON_ARRAY)
        return machine_fail(machine, "%s can not be escaped for shell", value_shown(machine, word));
    if (!value_is(word, JSON_STRING)) {
        r = value_text(machine, word, &shown);
        if (r == 0)
            text_add(text, json_str(&shown));
        return r;
    }
    text_add_char(text, '\'');
    for (uint32_t i = 0; i < word->count; i++) {
        if (word->text[i] == '\'')
            text_add(text, STR("'\\''"));
        else
            text_add_char(text, word->text[i]);
    }
    text_add_char(text, '\'');
    return 0;
}

static int format_sh(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    Text text = machine_text(machine);
    int r = 0;

    (void)args;
    if (!value_is(input, JSON_ARRAY)) {
        r = add_word(machine, &text, input);
    } else {
        r = machine_charge(machine, input->count);
        for (uint32_t i = 0; i < input->count && r == 0; i++) {
            if (i > 0)
                text_add_char(&text, ' ');
            r = add_word(machine, &text, &input->items[i]);
        }
    }
    return r ? r : machine_text_done(machine, &text, ret_value);
}

/* Encodings of bytes in groups: 3 bytes are 4 letters, or 5 bytes are 8. */
typedef struct Letters {
    const char *alphabet;
    uint32_t bits;   /* of a letter */
    uint32_t bytes;  /* of a group */
    uint32_t length; /* letters of a group */
} Letters;

static const Letters base64 = {"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
                               6, 3, 4};
static const Letters base32 = {"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 5, 5, 8};

static int encode(Machine *machine, const Json *input, const Letters *letters, Json *ret_value) {
    Text text = machine_text(machine);
    Json whole;
    int r = value_text(machine, input, &whole);

    for (uint32_t i = 0; r == 0 && i < whole.count; i += letters->bytes) {
        uint32_t count = MIN(letters->bytes, whole.count - i), written;
        uint64_t group = 0;

        for (uint32_t k = 0; k < letters->bytes; k++)
            group = group << 8 | (k < count ? (unsigned char)whole.text[i + k] : 0);
        written = (count * 8 + letters->bits - 1) / letters->bits;
        for (uint32_t k = 0; k < letters->length; k++) {
            uint64_t index = group >> (letters->bits * (letters->length - 1 - k));

            text_add_char(
                &text, k < written ? letters->alphabet[index & ((1u << letters->bits) - 1)] : '=');
        }
    }
    return r ? r : machine_text_done(machine, &text, ret_value);
}

/* Bytes that are no UTF-8 become U+FFFD. */
static void add_repaired(Text *text, Str bytes) {
    size_t i = 0;

    while (i < bytes.length) {
        size_t length = 1;

        while (length < 4 && i + length < bytes.length &&
               ((unsigned char)bytes.data[i + length] & 0xC0) == 0x80)
            length++;
        if ((unsigned char)bytes.data[i] < 0x80)
            length = 1;
        if (str_is_utf8(str_slice(bytes, i, length)))
            text_add(text, str_slice(bytes, i, length));
        else
            text_add_code(text, 0xFFFD);
        i += length;
    }
}

static int decode(Machine *machine, const Json *input, const Letters *letters, const char *name,
                  Json *ret_value) {
    Text bytes = machine_text(machine), text = machine_text(machine);
    uint64_t group = 0;
    uint32_t bits = 0, known = 0;
    Json whole;
    int r = value_text(machine, input, &whole);

    for (uint32_t i = 0; r == 0 && i < whole.count && whole.text[i] != '='; i++) {
        const char *letter = whole.text[i] ? strchr(letters->alphabet, whole.text[i]) : NULL;

        if (letter == NULL)
            return machine_fail(machine, "%s is not valid %s data", value_shown(machine, input),
                                name);
        known++;
        group = (group << letters->bits | (uint64_t)(letter - letters->alphabet)) & 0xFFFF;
        bits += letters->bits;
        if (bits >= 8) {
            bits -= 8;
            text_add_char(&bytes, (char)(group >> bits & 0xFF));
        }
    }
    /* A single letter of a group cannot hold a byte. */
    if (r == 0 && known % letters->length == 1)
        return machine_fail(machine, "%s trailing %s byte found", value_shown(machine, input),
                            name);
    if (r == 0 && bytes.is_full)
        return EXPR_E_BYTES;
    add_repaired(&text, text_str(&bytes));
    return r ? r : machine_text_done(machine, &text, ret_value);
}

static int format_base64(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    (void)args;
    return encode(machine, input, &base64, ret_value);
}

static int format_base64d(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    (void)args;
    return decode(machine, input, &base64, "base64", ret_value);
}

static int format_base32(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    (void)args;
    return encode(machine, input, &base32, ret_value);
}

static int format_base32d(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    (void)args;
    return decode(machine, input, &base32, "base32", ret_value);
}

BuiltinTable builtin_format(void) {
    static const Builtin entries[] = {
        {"@base32",  0, format_base32,  false},
        {"@base32d", 0, format_base32d, false},
        {"@base64",  0, format_base64,  false},
        {"@base64d", 0, format_base64d, false},
        {"@csv",     0, format_csv,     false},
        {"@html",    0, format_html,    false},
        {"@json",    0, format_json,    false},
        {"@sh",      0, format_sh,      false},
        {"@text",    0, format_text,    false},
        {"@tsv",     0, format_tsv,     false},
        {"@uri",     0, format_uri,     false},
        {"@urid",    0, format_urid,    false},
    };

    return (BuiltinTable){entries, ARRAY_SIZE(entries)};
}
