/* headrace apply: definitions from files become workflows. */

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/client.h"
#include "cli/commands.h"
#include "cli/input.h"
#include "cli/options.h"
#include "common/base/alloc.h"

#define FILES_MAX 1000

static const char usage[] =
    "usage: headrace apply -f FILE|FOLDER [--id KEY] [--publish] [--description TEXT]\n"
    "\n"
    "Makes the workflow that a file defines, or changes its draft. Of a folder, every file that\n"
    "ends in .json is taken, in the order of their names.\n"
    "\n"
    "  -f PATH             the definition; - is standard input\n"
    "  --id KEY            the workflow's key; without it the file's name without .json\n"
    "  --publish           make it the active version\n"
    "  --description TEXT  what changed, for the list of versions\n"
    "\n"
    "exit codes: 0 done, 1 not done, 2 the definition has problems, 64 wrong usage,\n"
    "66 a file cannot be read, 69 the API cannot be reached\n";

typedef struct Apply {
    const char *path;
    const char *key;
    const char *description;
    bool is_published;
    Client *client;
} Apply;

static Str key_of(Client *client, const char *path) {
    const char *slash = strrchr(path, '/');
    Str name = str_of(slash ? slash + 1 : path);

    if (str_ends(name, STR(".json")))
        name = str_slice(name, 0, name.length - 5);
    return str_copy(client_arena(client), name);
}

static int publish(const Apply *apply, const char *key) {
    Arena *arena = client_arena(apply->client);
    JsonObject body = {.arena = arena};
    ClientAnswer answer;
    Json value;
    int64_t number = 0;
    int code;

    if (apply->description != NULL)
        json_add(&body, STR("changeDescription"), json_string(str_of(apply->description)));
    value = json_object_done(&body);
    code = client_call(apply->client,
                       &(ClientCall){
                           .method = "POST",
                           .path = str_printf(arena, "/v1/templates/%.*s/publish",
                                              STR_ARGS(client_escape(apply->client, key))),
                           .body = json_text(arena, &value),
                       },
                       &answer);
    if (code != EXIT_DONE)
        return code;
    json_to_int64(json_member(&answer.json, STR("versionNumber")), &number);
    printf("%s: published as version %lld\n", key, (long long)number);
    return EXIT_DONE;
}

static int put(const Apply *apply, const char *key, Str definition) {
    Arena *arena = client_arena(apply->client);
    _cleanup_(buf_done) Buf body = {0};
    ClientAnswer answer;
    int code;

    buf_add_text(&body, "{\"workflowData\":");
    buf_add_str(&body, definition);
    buf_add_char(&body, '}');
    code = client_call(apply->client,
                       &(ClientCall){
                           .method = "PUT",
                           .path = str_printf(arena, "/v1/templates/%.*s",
                                              STR_ARGS(client_escape(apply->client, key))),
                           .body = buf_str(&body),
                       },
                       &answer);
    if (code == EXIT_DONE)
        printf("%s: %s\n", key, answer.status == 201 ? "created" : "updated");
    return code;
}

static int apply_file(const Apply *apply, const char *path) {
    const char *key = apply->key ? apply->key : key_of(apply->client, path).data;
    _cleanup_(arena_done) Arena arena = {0};
    _cleanup_(buf_done) Buf text = {0};
    JsonMistake mistake;
    Json definition;
    int code;

    if (!input_read(path, &text))
        return EXIT_NO_INPUT;
    if (json_parse(&arena, buf_str(&text), JSON_LIMITS_DEFAULT, &definition, &mistake)) {
        fprintf(stderr, "headrace apply: %s:%u:%u: JSON_SYNTAX: %s\n", path, mistake.line,
                mistake.column, mistake.message);
        return EXIT_INVALID;
    }
    code = put(apply, key, buf_str(&text));
    return code == EXIT_DONE && apply->is_published ? publish(apply, key) : code;
}

/* Folders ----------------------------------------------------------------------------------- */

static int is_definition(const struct dirent *entry) {
    return entry->d_name[0] != '.' && str_ends(str_of(entry->d_name), STR(".json"));
}

static int apply_folder(const Apply *apply, struct dirent **entries, int count) {
    int worst = EXIT_DONE;

    if (count == 0) {
        fprintf(stderr, "headrace apply: %s holds no .json file\n", apply->path);
        return EXIT_NO_INPUT;
    }
    if (apply->key != NULL || count > FILES_MAX) {
        fprintf(stderr, "headrace apply: %s\n",
                apply->key ? "--id names one workflow, and a folder holds many"
                           : "too many files in the folder");
        return EXIT_USAGE;
    }
    for (int i = 0; i < count; i++) {
        const char *path =
            arena_printf(client_arena(apply->client), "%s/%s", apply->path, entries[i]->d_name);
        int code = apply_file(apply, path);

        worst = MAX(worst, code);
    }
    return worst;
}

static int apply_path(const Apply *apply) {
    struct dirent **entries = NULL;
    int count = strcmp(apply->path, "-") == 0
                    ? -1
                    : scandir(apply->path, &entries, is_definition, alphasort);
    int code;

    if (count < 0 && strcmp(apply->path, "-") == 0 && apply->key == NULL) {
        fprintf(stderr, "headrace apply: standard input has no name; give --id\n");
        return EXIT_USAGE;
    }
    code = count < 0 ? apply_file(apply, apply->path) : apply_folder(apply, entries, count);
    for (int i = 0; i < count; i++)
        alloc_free(entries[i]);
    alloc_free(entries);
    return code;
}

int cmd_apply(int argc, char **argv) {
    _cleanup_(client_close_p) Client *client = NULL;
    Apply apply = {0};
    const Option options[] = {
        {"-f",            &apply.path,        NULL               },
        {"--id",          &apply.key,         NULL               },
        {"--description", &apply.description, NULL               },
        {"--publish",     NULL,               &apply.is_published},
    };
    OptionsResult result = options_read(&(Options){.command = "apply",
                                                   .usage = usage,
                                                   .options = options,
                                                   .option_count = ARRAY_SIZE(options)},
                                        argc, argv, NULL);
    int code;

    if (result.is_over)
        return result.code;
    if (apply.path == NULL) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    code = client_open("apply", &client);
    apply.client = client;
    return code == EXIT_DONE ? apply_path(&apply) : code;
}
