/* headrace-coordinator */

#include "coordinator/coordinator.h"

int main(int argc, char **argv) {
    return service_main(coordinator_spec(), argc, argv);
}
