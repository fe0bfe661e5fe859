/* headrace-worker */

#include "worker/worker.h"

int main(int argc, char **argv) {
    return service_main(worker_spec(), argc, argv);
}
