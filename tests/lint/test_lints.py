#!/usr/bin/env python3
"""The lints themselves: each passes a good tree and names the place in a bad one.

A tree is written into a temporary folder from {path: text}; the lists (rooms.txt, words.txt,
pure.txt) are the real ones, so a change to them is tried here too.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
GOOD = {
    "common/base/a.h": "#pragma once\n\nint a_of(int b);\n",
    "common/base/a.c": '/* A. */\n\n#include "common/base/a.h"\n\n#include <stdio.h>\n\n'
                       "int a_of(int b) {\n    return b;\n}\n",
    "common/meson.build": "lib = static_library('base', files('base/a.c'))\n",
}


class Lints(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="headrace-lint-")
        self.addCleanup(shutil.rmtree, self.root)
        for name in ("rooms.txt", "words.txt", "pure.txt"):
            self.write(f"tests/lint/{name}", self.read(os.path.join(HERE, name)))
        self.write(".clang-format", self.read(os.path.join(HERE, "..", "..", ".clang-format")))
        for path, text in GOOD.items():
            self.write(path, text)

    @staticmethod
    def read(path):
        with open(path, encoding="utf-8") as file:
            return file.read()

    def write(self, path, text, mode=0o644):
        path = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)

    def lint(self, name, *more):
        run = subprocess.run([sys.executable, os.path.join(HERE, f"{name}.py"), self.root, *more],
                             capture_output=True, text=True)
        self.assertEqual(run.stderr, "")
        return run.returncode, run.stdout

    def passes(self, name, *more):
        code, said = self.lint(name, *more)
        self.assertEqual(code, 0, said)
        self.assertIn(" 0 problems", said)

    def complains(self, name, *expected, more=()):
        code, said = self.lint(name, *more)
        self.assertEqual(code, 1, said)
        for line in expected:
            self.assertIn(line, said)

    # rooms

    def test_rooms_pass_a_good_tree(self):
        self.write("common/json/j.c", '#include "common/base/a.h"\n')
        self.passes("rooms")

    def test_an_include_upward_is_refused(self):
        self.write("coordinator/engine/e.h", "#pragma once\n")
        self.write("common/expr/x.h", '#pragma once\n#include "coordinator/engine/e.h"\n')
        self.complains("rooms",
                       "common/expr/x.h:2: common/expr may not include coordinator/engine\n")

    def test_a_folder_is_the_room_with_the_longest_name(self):
        self.write("coordinator/turn.h", "#pragma once\n")
        self.write("coordinator/engine/e.c", '#include "coordinator/turn.h"\n')
        self.complains("rooms", "coordinator/engine may not include coordinator\n")

    def test_an_include_relative_to_its_folder_is_refused(self):
        self.write("common/base/b.c", '#include "a.h"\n#include "../base/a.h"\n')
        self.complains("rooms", 'common/base/b.c:1: "a.h" is not written from the root',
                       'common/base/b.c:2: "../base/a.h" is not written from the root')

    def test_an_include_of_nothing_is_refused(self):
        self.write("common/base/b.c", '#include "common/base/gone.h"\n')
        self.complains("rooms", '"common/base/gone.h" does not exist')

    def test_a_private_header_stays_in_its_room(self):
        self.write("coordinator/engine/exec_private.h", "#pragma once\n")
        self.write("coordinator/engine/e.c", '#include "coordinator/engine/exec_private.h"\n')
        self.passes("rooms")
        self.write("coordinator/turn.c", '#include "coordinator/engine/exec_private.h"\n')
        self.complains("rooms", "coordinator/turn.c:1:", "is private to coordinator/engine")

    def test_generated_code_is_seen_by_wire_only(self):
        self.write("proto/headrace/v1/task.proto", 'syntax = "proto3";\n')
        self.write("common/wire/w.c", '#include "headrace/v1/task.pb-c.h"\n')
        self.passes("rooms")
        self.write("common/wire/w.c", '#include "task.pb-c.h"\n')
        self.passes("rooms")
        self.write("common/wire/w.c", '#include "gone.pb-c.h"\n')
        self.complains("rooms", '"gone.pb-c.h" is generated from no .proto')
        self.write("worker/w.c", '#include "headrace/v1/task.pb-c.h"\n')
        self.complains("rooms", "worker/w.c:1: worker may not include generated code")

    def test_a_file_in_no_room_is_refused(self):
        self.write("shared/x.h", "#pragma once\n")
        self.complains("rooms", "shared/x.h:1: lies in no room")

    def test_the_list_of_rooms_has_no_ring(self):
        self.write("tests/lint/rooms.txt",
                   "common/base | pure | common/json\ncommon/json | pure | common/base\n")
        self.complains("rooms", "rooms.txt:1: common/base names common/json, which is not above")

    # sizes

    def sized(self, body, head="int a_of(int b)"):
        self.write("common/base/big.c", f"/* Big. */\n\n{head} {{\n{body}}}\n")

    def test_sizes_pass_a_good_tree(self):
        self.passes("sizes")

    def test_a_long_file_is_refused(self):
        self.write("common/base/long.c", "\n" * 601)
        self.write("common/base/long.h", "\n" * 201)
        self.write("tests/unit/test_long.c", "\n" * 700)
        self.complains("sizes", "common/base/long.c:1: 601 lines, at most 600",
                       "common/base/long.h:1: 201 lines, at most 200", " 2 problems")

    def test_a_long_function_is_refused(self):
        self.sized("    b++;\n" * 58)
        self.passes("sizes")
        self.sized("    b++;\n" * 59)
        self.complains("sizes", "common/base/big.c:3: a_of: lines 61, at most 60")

    def test_a_complex_function_is_refused(self):
        self.sized("    if (b && b)\n        b++;\n" * 7)
        self.passes("sizes")
        self.sized("    if (b && b)\n        b++;\n" * 8)
        self.complains("sizes", "a_of: complexity 17, at most 15")

    def test_one_switch_of_a_file_may_be_more_complex(self):
        switch = "    switch (b) {\n" + "".join(f"    case {i}:\n" for i in range(18)) + "    }\n"
        self.sized(switch)
        self.passes("sizes")
        self.sized(switch + "}\n\nint other(int b) {\n" + switch)
        self.complains("sizes", "complexity 19, at most 15", " 1 problems")

    def test_many_parameters_are_refused(self):
        self.sized("    return b;\n",
                   head="int a_of(int b, int c, int d, int e, int (*f)(int, int))")
        self.passes("sizes")
        self.sized("    return b;\n", head="int a_of(int b, int c, int d, int e, int f, int g)")
        self.complains("sizes", "a_of: parameters 6, at most 5")

    def test_deep_nesting_is_refused(self):
        deep = "    for (;;) {\n        while (b)\n            if (b) {\n%s            }\n    }\n"
        self.sized(deep % "                T t = (T){.x = {1}};\n")
        self.passes("sizes")
        self.sized(deep % "                do\n                    b++;\n"
                          "                while (b);\n")
        self.complains("sizes", "a_of: nesting 4, at most 3")

    def test_a_list_of_cases_is_one_level(self):
        self.sized("    if (b)\n        b = 1;\n" + "    else if (b)\n        b = 2;\n" * 6)
        self.passes("sizes")

    def test_comments_strings_and_macros_are_no_code(self):
        self.sized('    /* { if if */\n    return "}\\"{"[b] + \'{\';\n')
        self.passes("sizes")

    def test_brackets_that_do_not_balance_are_refused(self):
        self.write("common/base/odd.c", "int a(void) {\n")
        self.complains("sizes", "common/base/odd.c:1: the brackets do not balance")

    def test_a_wide_line_is_refused(self):
        self.write("common/base/wide.h", "    {1," + " " * 100 + "2},\n")
        self.passes("sizes")
        self.write("common/base/wide.h", "/* " + "x" * 95 + " */\n")
        self.complains("sizes", "common/base/wide.h:1: 101 columns, at most 100")

    # words

    def test_words_pass_a_good_tree(self):
        self.passes("words")

    def test_forbidden_calls_are_refused(self):
        self.write("common/io/x.c", "void f(char *a) {\n    strcpy(a, a);\n    it->system(a);\n"
                                    "    system(a);\n}\n")
        self.complains("words", "common/io/x.c:2: strcpy: use instead: buf_add_text",
                       "common/io/x.c:4: system: use instead:", " 2 problems")

    def test_a_call_is_right_in_its_one_file(self):
        self.write("common/base/alloc.c", "void *f(void) {\n    return malloc(1);\n}\n")
        self.write("common/io/clock.c", "int f(void) {\n    return time(0);\n}\n")
        self.passes("words")
        self.write("common/io/bus.c", "void *f(void) {\n    return malloc(time(0));\n}\n")
        self.complains("words", "common/io/bus.c:2: malloc:", "common/io/bus.c:2: time:")

    def test_a_call_in_a_macro_is_a_call(self):
        self.write("common/io/x.h", "#pragma once\n\n#define NOW \\\n    time(0)\n")
        self.complains("words", "common/io/x.h:4: time:")

    def test_promises_are_refused(self):
        self.write("common/io/x.c", "/* TO" "DO: later */\n/* only a st" "ub */\n")
        self.complains("words", "common/io/x.c:1: TO" "DO:", "common/io/x.c:2: st" "ub:")

    def test_drawers_are_refused(self):
        self.write("worker/job_utils.c", "int JobManager(int jobHelper);\n")
        self.complains("words", "worker/job_utils.c:1: utils:",
                       "worker/job_utils.c:1: JobManager:", "worker/job_utils.c:1: jobHelper:")

    def test_words_in_strings_and_comments_are_free(self):
        self.write("common/io/x.c",
                   '/* No goto, no malloc(). */\nconst char *a = "goto strcpy(";\n')
        self.passes("words")

    def test_paths_of_one_machine_are_refused(self):
        self.write("docs/x.md", "See /wo" "rk/main/x and /ho" "me/me/x, not /v1/work/x.\n")
        self.write("deploy/x.sh", "url=https://registry.np" "mjs.org/x\n")
        self.complains("words", "docs/x.md:1: /wo" "rk/m:", "deploy/x.sh:1: registry.np" "mjs.org")

    # format

    def test_format_passes_a_good_tree(self):
        self.passes("format")

    def test_an_unformatted_file_is_refused(self):
        self.write("common/base/b.c", "int  b(void){return 1;}\n")
        self.complains("format", "common/base/b.c:1: not formatted: clang-format -i")

    # listed

    def listed_tree(self, names="'a'"):
        self.write("tests/unit/meson.build", f"unit_tests = {{\n    {names}: [base],\n}}\n")
        self.write("tests/unit/test_a.c", "int a;\n")

    def test_lists_pass_a_good_tree(self):
        self.listed_tree()
        self.passes("listed")

    def test_an_unlisted_test_is_refused(self):
        self.listed_tree()
        self.write("tests/unit/test_b.c", "int b;\n")
        self.complains("listed", "tests/unit/test_b.c:1: not in unit_tests")

    def test_a_listed_test_that_does_not_exist_is_refused(self):
        self.listed_tree("'a': [base],\n    'gone'")
        self.complains("listed", "tests/unit/meson.build:3: test_gone.c does not exist")

    def test_a_source_nobody_compiles_is_refused(self):
        self.write("common/base/b.c", "int b;\n")
        self.complains("listed", "common/base/b.c:1: no meson.build names it")
        self.write("common/base/meson.build", "programs = {\n    'b': base,\n}\n")
        self.passes("listed")

    def test_a_fuzz_target_needs_a_corpus(self):
        self.write("tests/fuzz/meson.build", "fuzz_targets = {\n    'a': [base],\n}\n")
        self.write("tests/fuzz/fuzz_a.c", "int a;\n")
        self.complains("listed", "tests/fuzz/corpus/a/ holds no input")
        self.write("tests/fuzz/corpus/a/one", "1")
        self.passes("listed")

    def test_a_test_program_can_be_executed(self):
        self.write("tests/e2e/test_a.py", "#!/usr/bin/env python3\n")
        self.complains("listed", "tests/e2e/test_a.py:1: cannot be executed")

    # files

    def test_files_pass_a_good_tree(self):
        self.write("deploy/a.yaml", "a: [1, 2]\n")
        self.write("deploy/a.json", "{}\n")
        self.write("docs/a.md", "[b](../deploy/a.json) [c](https://example.org)\n")
        self.write("tests/fuzz/corpus/json/bad.json", "{")
        self.passes("files")

    def test_unreadable_files_are_refused(self):
        self.write("deploy/a.yaml", "a: [1\n")
        self.write("deploy/a.json", "{\n")
        self.write("deploy/a.py", "def\n")
        self.write("deploy/a.sh", "if\n")
        self.complains("files", "deploy/a.yaml:2:", "deploy/a.json:2:", "deploy/a.py:1:",
                       "deploy/a.sh:1:")

    def test_a_link_to_nothing_is_refused(self):
        self.write("docs/a.md", "\n[b](gone.md#part)\n")
        self.complains("files", "docs/a.md:2: gone.md does not exist")

    def test_a_script_can_be_executed(self):
        self.write("dev", "#!/usr/bin/env bash\n")
        self.complains("files", "dev:1: begins with #! but cannot be executed")

    # pure

    def library(self, room, source, name):
        """Compiles one source into a static library and tells of it as meson does."""
        path = os.path.join(self.root, room, f"{name}.c")
        self.write(f"{room}/{name}.c", source)
        build = os.path.join(self.root, "build")
        os.makedirs(os.path.join(build, "meson-info"), exist_ok=True)
        archive = os.path.join(build, f"lib{name}.a")
        compiled = os.path.join(build, f"{name}.c.o")
        subprocess.run(["cc", "-O2", "-D_FORTIFY_SOURCE=2", "-D_GNU_SOURCE", "-w", "-c", path,
                        "-o", compiled], check=True)
        subprocess.run(["ar", "rcs", archive, compiled], check=True)
        return {"name": name, "type": "static library", "filename": [archive],
                "target_sources": [{"sources": [path], "generated_sources": []}]}

    def built(self, *libraries):
        self.write("build/meson-info/intro-targets.json", json.dumps(libraries))

    def base(self):
        return self.library("common/base", "int a_of(int b) {\n    return b;\n}\n", "a")

    def test_purity_passes_a_good_tree(self):
        engine = "int a_of(int);\nstatic const char *const t[] = {\"a\"};\n" \
                 "int e(int b) { return a_of(b) + (int)strlen(t[b]); }\n"
        self.built(self.base(), self.library("coordinator/engine", engine, "e"))
        self.passes("pure")

    def test_a_call_to_the_clock_is_refused(self):
        engine = "#include <time.h>\nlong e(void) { return time(0); }\n"
        self.built(self.base(), self.library("coordinator/engine", engine, "e"))
        self.complains("pure", "coordinator/engine/e.c:1: coordinator/engine (library e) is pure, "
                               "but calls time\n")

    def test_a_fortified_call_is_called_by_its_name(self):
        source = "#include <unistd.h>\n#include <stdio.h>\n" \
                 "void j(int n) { char b[4]; read(0, b, n); printf(\"%d\", n); b[0]++; }\n"
        self.built(self.base(), self.library("common/json", source, "j"))
        self.complains("pure", "but calls printf\n", "but calls read\n")

    def test_a_function_of_a_room_not_permitted_is_refused(self):
        clock = self.library("common/io", "long clock_ms(void) { return 1; }\n", "clock")
        source = "long clock_ms(void);\nlong m(void) { return clock_ms(); }\n"
        self.built(self.base(), clock, self.library("common/model", source, "m"))
        self.complains("pure", "common/model (library m) is pure, but calls clock_ms\n")

    def test_state_is_refused(self):
        source = "int m(void) {\n    static int count;\n    return count++;\n}\n"
        self.built(self.base(), self.library("common/model", source, "m"))
        self.complains("pure", "common/model (library m) is pure, but keeps state in count\n")

    def test_a_pure_room_without_a_library_is_refused(self):
        self.built(self.base())
        self.write("common/expr/x.c", "int x;\n")
        self.complains("pure", "common/expr:1: has sources, but no static library")

    def test_without_a_build_purity_is_not_proven(self):
        self.complains("pure", "nothing is built here")


class Spoken(unittest.TextTestResult):
    """One line per test, as every test program of this house prints them."""

    def addSuccess(self, test):
        super().addSuccess(test)
        print(f"ok   {type(test).__name__}.{test._testMethodName[5:]}")

    def addFailure(self, test, err):
        super().addFailure(test, err)
        print(f"FAIL {type(test).__name__}.{test._testMethodName[5:]}")

    def addError(self, test, err):
        super().addError(test, err)
        print(f"FAIL {type(test).__name__}.{test._testMethodName[5:]}")


if __name__ == "__main__":
    unittest.main(testRunner=unittest.TextTestRunner(sys.stderr, resultclass=Spoken, verbosity=0))
