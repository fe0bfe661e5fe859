#!/usr/bin/env python3
"""What deploys the product names what it has: deploy/k8s, deploy/systemd, deploy/Dockerfile.

Variables are settings of the daemon that gets them, probes and ports are those of its listeners,
selectors find pods, a daemon has longer to end than its drain, pods are locked down, the image is
one image, units start programs that are installed, and the image is built from what `./dev setup`
installs.
"""

import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tree  # noqa: E402

try:
    import yaml
except ImportError:
    print("manifests: Python reads no YAML here: ./dev setup (Debian package python3-yaml)")
    sys.exit(1)

K8S = "deploy/k8s/"
UNITS = "deploy/systemd/"
WORKLOADS = ("Deployment", "Job")
ADMIN = {"/livez", "/readyz"}
SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}


# --- what the product has -------------------------------------------------------------------------

def settings(root):
    """{daemon: {variable: default}} of docs/configuration.md."""
    found, section = {}, None
    for line in tree.text_of(root, "docs/configuration.md").splitlines():
        if line.startswith("## "):
            section = found.setdefault(line[3:].strip(), {})
        row = re.match(r"\| `[\w.]+` \| `(HEADRACE_\w+)` \| [^|]* \| `?([^|`]*)`? \|", line)
        if row and section is not None:
            section[row.group(1)] = row.group(2).strip()
    every = found.pop("Every daemon", {})
    return {daemon: {**every, **keys} for daemon, keys in found.items()}


def programs(root, all_paths):
    """Executables that meson installs."""
    names = set()
    for path in all_paths:
        if os.path.basename(path) == "meson.build":
            for part in re.findall(r"executable\((.*?)\n\)", tree.text_of(root, path), re.S):
                if "install: true" in part:
                    names.add(re.search(r"'([\w-]+)'", part).group(1))
    return names


def seconds(text):
    match = re.fullmatch(r"(\d+)(ms|s|m|h)", text)
    return int(match.group(1)) * SECONDS[match.group(2)] if match else None


# --- Kubernetes -----------------------------------------------------------------------------------

class Objects:
    """All objects of deploy/k8s, each with the file that it stands in."""

    def __init__(self, root, all_paths):
        self.root, self.problems, self.all = root, [], []
        for path in all_paths:
            if path.startswith(K8S) and path.endswith(".yaml"):
                self.read(path)

    def read(self, path):
        try:
            documents = list(yaml.safe_load_all(tree.text_of(self.root, path)))
        except yaml.YAMLError as mistake:
            self.complain(path, str(mistake).replace("\n", " "))
            return
        for document in documents:
            if not isinstance(document, dict) or not document.get("kind"):
                self.complain(path, "a document is no object of Kubernetes")
                continue
            self.all.append((path, document))

    def complain(self, path, what):
        self.problems.append(f"{path}:1: {what}")

    def of(self, *kinds):
        return [(path, one) for path, one in self.all if one["kind"] in kinds]

    def named(self, kind, name):
        return next((one for _, one in self.of(kind) if name_of(one) == name), None)


def name_of(one):
    return one.get("metadata", {}).get("name", "?")


def pod_of(workload):
    return workload["spec"]["template"]["spec"]


def labels_of(workload):
    return workload["spec"]["template"]["metadata"].get("labels", {})


def matches(selector, labels):
    return all(labels.get(key) == value for key, value in selector.items())


def component(container):
    """The section of configuration.md that a container's program reads."""
    return container.get("command", ["?"])[0].removeprefix("headrace-")


def environment(objects, path, container):
    """{variable: value or None} that the container gets."""
    found = {}
    for source in container.get("envFrom", []):
        name = source.get("configMapRef", {}).get("name")
        config = objects.named("ConfigMap", name)
        if config is None:
            objects.complain(path, f"there is no ConfigMap {name}")
        else:
            found.update(config.get("data", {}))
    for entry in container.get("env", []):
        found[entry["name"]] = entry.get("value")
    return found


def check_environment(objects, path, container, known):
    given = environment(objects, path, container)
    for name, value in given.items():
        key = name.removesuffix("_FILE")
        if name not in known and key not in known:
            objects.complain(path, f"{component(container)} has no setting {name}")
        if not isinstance(value, (str, type(None))):
            objects.complain(path, f"{name} is no text: quote it")
    for name, default in known.items():
        if default == "required" and not {name, name + "_FILE"} & set(given):
            objects.complain(path, f"{component(container)} needs {name}")
    return given


def check_files(objects, path, workload, container, given):
    """Each HEADRACE_…_FILE is a key of the Secret that is mounted there."""
    secrets = {volume["name"]: volume["secret"]["secretName"]
               for volume in pod_of(workload).get("volumes", []) if "secret" in volume}
    mounts = {mount["mountPath"]: secrets.get(mount["name"])
              for mount in container.get("volumeMounts", [])}
    for name, value in given.items():
        if not name.endswith("_FILE"):
            continue
        secret = objects.named("Secret", mounts.get(os.path.dirname(value)))
        if secret is None or os.path.basename(value) not in secret.get("stringData", {}):
            objects.complain(path, f"{name}: no Secret that is mounted has {value}")


def check_listeners(objects, path, container, given):
    """Ports are those of the listeners, by name; probes go to the admin listener."""
    ports = {port["name"]: port["containerPort"] for port in container.get("ports", [])}
    listeners = {name.removeprefix("HEADRACE_").removesuffix("_LISTEN").lower():
                 int(value.rsplit(":", 1)[1])
                 for name, value in given.items() if name.endswith("_LISTEN")}
    if ports != listeners:
        objects.complain(path, f"ports {ports} are not those of the listeners, {listeners}")
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        get = container.get(probe, {}).get("httpGet", {})
        wanted = "/readyz" if probe == "readinessProbe" else "/livez"
        if get.get("path") != wanted or get.get("port") != "admin":
            objects.complain(path, f"{probe} does not ask {wanted} of the port admin")


def check_grace(objects, path, workload, given, known):
    drain = seconds(given.get("HEADRACE_DRAIN", known["HEADRACE_DRAIN"]))
    grace = pod_of(workload).get("terminationGracePeriodSeconds", 30)
    if drain is None or grace <= drain:
        objects.complain(path, f"{grace} s to end are not more than the drain of {drain} s")


def check_locks(objects, path, pod):
    context = pod.get("securityContext", {})
    if context.get("runAsNonRoot") is not True:
        objects.complain(path, "may run as root: securityContext.runAsNonRoot")
    if context.get("seccompProfile", {}).get("type") != "RuntimeDefault":
        objects.complain(path, "no seccompProfile RuntimeDefault")
    if pod.get("automountServiceAccountToken") is not False:
        objects.complain(path, "gets a token: automountServiceAccountToken")
    if objects.named("ServiceAccount", pod.get("serviceAccountName")) is None:
        objects.complain(path, f"there is no ServiceAccount {pod.get('serviceAccountName')}")
    for container in pod["containers"]:
        own = container.get("securityContext", {})
        if own.get("readOnlyRootFilesystem") is not True or \
                own.get("allowPrivilegeEscalation") is not False or \
                own.get("capabilities", {}).get("drop") != ["ALL"]:
            objects.complain(path, f"{container['name']} is not locked down: securityContext")
        if "memory" not in container.get("resources", {}).get("limits", {}):
            objects.complain(path, f"{container['name']} has no limit of memory")


def check_workload(objects, path, workload, known, installed):
    check_locks(objects, path, pod_of(workload))
    for container in pod_of(workload)["containers"]:
        program = container.get("command", ["?"])[0]
        if program not in installed:
            objects.complain(path, f"{program} is not installed")
            continue
        if workload["kind"] == "Job":
            given = environment(objects, path, container)
        else:
            daemon = known.get(component(container), {})
            given = check_environment(objects, path, container, daemon)
            check_listeners(objects, path, container, given)
            check_grace(objects, path, workload, given, daemon)
        check_files(objects, path, workload, container, given)
    if workload["kind"] == "Deployment" and \
            not matches(workload["spec"]["selector"]["matchLabels"], labels_of(workload)):
        objects.complain(path, "its selector does not find its own pods")


def check_selectors(objects):
    """Services, budgets and policies find pods; services name their ports."""
    pods = [(labels_of(one), pod_of(one)) for _, one in objects.of(*WORKLOADS)]
    for path, one in objects.of("Service", "PodDisruptionBudget", "NetworkPolicy"):
        spec = one["spec"]
        selector = spec["selector"] if one["kind"] == "Service" else \
            spec.get("selector", spec.get("podSelector", {})).get("matchLabels", {})
        found = [pod for labels, pod in pods if matches(selector, labels)]
        if not found:
            objects.complain(path, f"{one['kind']} {name_of(one)} finds no pod")
        names = {port["name"]: port["containerPort"] for pod in found
                 for container in pod["containers"] for port in container.get("ports", [])}
        for port in spec.get("ports", []) if one["kind"] == "Service" else []:
            if names.get(port.get("targetPort")) != port["port"]:
                objects.complain(path, f"Service {name_of(one)}: no pod has port {port}")
    for path, one in objects.of("ConfigMap"):
        if not any({"configMapRef": {"name": name_of(one)}} in container.get("envFrom", [])
                   for _, pod in pods for container in pod["containers"]):
            objects.complain(path, f"nobody reads ConfigMap {name_of(one)}")


def check_scaling(objects, topics):
    for path, one in objects.of("ScaledObject"):
        target = one["spec"]["scaleTargetRef"]["name"]
        if objects.named("Deployment", target) is None:
            objects.complain(path, f"there is no Deployment {target}")
        for trigger in one["spec"]["triggers"]:
            topic = trigger["metadata"].get("topic")
            worker_class = re.fullmatch(r"headrace\.tasks\.(\w+)\.v1", topic or "")
            if topic not in topics:
                objects.complain(path, f"deploy/topics.yaml has no topic {topic}")
            elif one["spec"]["maxReplicaCount"] > topics[topic]:
                objects.complain(path, f"more replicas than {topic} has partitions")
            if not worker_class or trigger["metadata"].get("consumerGroup") != \
                    f"headrace.workers.{worker_class.group(1)}":
                objects.complain(path, "its group is not that of the topic's workers")


def check_kustomization(objects, version):
    listed, images = set(), set()
    for path, one in objects.of("Kustomization", "Component"):
        folder = os.path.dirname(path)
        here = {f"{folder}/{name}" for name in one.get("resources", [])}
        listed |= here
        images |= {(image["name"], str(image["newTag"])) for image in one.get("images", [])}
        for name in here:
            if not any(other == name for other, _ in objects.all):
                objects.complain(path, f"{name} does not exist")
    for path in {path for path, _ in objects.all}:
        if path not in listed and not path.endswith(("kustomization.yaml", ".example.yaml")):
            objects.complain(path, "no kustomization.yaml names it")
    for path, one in objects.of(*WORKLOADS):
        images |= {tuple(container["image"].split(":")) for container in pod_of(one)["containers"]}
    if images and images != {("headrace", version)}:
        objects.complain(K8S + "kustomization.yaml", f"images are not headrace:{version}: {images}")


def check_secrets(objects):
    for path, one in objects.of("Secret"):
        if not path.endswith(".example.yaml"):
            objects.complain(path, "a Secret belongs into an example only")
        for key, value in one.get("stringData", {}).items():
            if "CHANGE-ME" not in value:
                objects.complain(path, f"{key} looks like a real secret")


def kubernetes_problems(root, all_paths, known, installed):
    objects = Objects(root, all_paths)
    if not objects.all:
        return objects.problems
    topics = {topic["name"]: topic["partitions"] for topic in
              yaml.safe_load(tree.text_of(root, "deploy/topics.yaml"))["topics"]}
    version = re.search(r"version: '([^']+)'", tree.text_of(root, "meson.build")).group(1)
    for path, one in objects.of(*WORKLOADS):
        check_workload(objects, path, one, known, installed)
    check_selectors(objects)
    check_scaling(objects, topics)
    check_kustomization(objects, version)
    check_secrets(objects)
    return objects.problems


# --- systemd --------------------------------------------------------------------------------------

SECTIONS = {"Unit", "Service", "Install"}
WANTED = {"NoNewPrivileges": "yes", "ProtectSystem": "strict", "DynamicUser": "yes",
          "ProtectHome": "yes", "PrivateTmp": "yes"}


def unit_of(root, path):
    """[(section, key, value)]"""
    rows, section = [], None
    for number, line in enumerate(tree.text_of(root, path).splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        head = re.fullmatch(r"\[(\w+)\]", line)
        section = head.group(1) if head else section
        if not head:
            key, sign, value = line.partition("=")
            rows.append((section if sign else None, key, value, number))
    return rows


def unit_problems(root, path, known, installed):
    rows = unit_of(root, path)
    unit = {}
    for section, key, value, number in rows:
        if section not in SECTIONS or not re.fullmatch(r"[A-Z][A-Za-z]+", key):
            yield f"{path}:{number}: no line of a unit"
        unit.setdefault(key, []).append(value)
        variable = re.match(r"(HEADRACE_\w+)=", value) if key == "Environment" else None
        if variable and not any(variable.group(1).removesuffix("_FILE") in keys
                                for keys in known.values()):
            yield f"{path}:{number}: there is no setting {variable.group(1)}"
    start = unit.get("ExecStart", [""])[0].split(" ")[0]
    program = start.removeprefix("@bindir@/")
    if program not in installed:
        yield f"{path}:1: ExecStart={start} is not installed into @bindir@"
        return
    for key, value in WANTED.items():
        if unit.get(key) != [value]:
            yield f"{path}:1: not {key}={value}"
    if program == "headrace":
        return
    stop = int(unit.get("TimeoutStopSec", ["0"])[0])
    if stop <= seconds(known[program.removeprefix("headrace-")]["HEADRACE_DRAIN"]):
        yield f"{path}:1: TimeoutStopSec={stop} is not above the drain"
    if unit.get("Restart") != ["always"]:
        yield f"{path}:1: not Restart=always"


def example_problems(root, path, known):
    """NAME.env.example: settings of the daemon NAME."""
    name = os.path.basename(path).split(".")[0]
    keys = known.get(name, {"HEADRACE_PG_DSN": "required"})
    given = set()
    for number, line in enumerate(tree.text_of(root, path).splitlines(), 1):
        variable = line.split("=", 1)[0]
        given.add(variable)
        if not line.startswith("#") and variable not in keys:
            yield f"{path}:{number}: {name} has no setting {variable}"
    for key, default in keys.items():
        if default == "required" and key not in given and key != "HEADRACE_SEAL_KEY":
            yield f"{path}:1: {name} needs {key}"


def systemd_problems(root, all_paths, known, installed):
    for path in all_paths:
        if path.startswith(UNITS) and path.endswith(".service.in"):
            yield from unit_problems(root, path, known, installed)
        elif path.startswith(UNITS) and path.endswith(".env.example"):
            yield from example_problems(root, path, known)


# --- the image ------------------------------------------------------------------------------------

def image_problems(root, all_paths):
    """It is built with the packages under "# build" of deploy/dev/packages.sh (and g++)."""
    path, list_path = "deploy/Dockerfile", "deploy/dev/packages.sh"
    if path not in all_paths:
        return
    packages = re.search(r"# build\n(.*?)\n *#", tree.text_of(root, list_path), re.S).group(1)
    first = tree.text_of(root, path).split("COPY", 1)[0]
    for package in packages.split():
        if not re.search(rf"(?<![\w.-]){re.escape(package)}(?![\w.-])", first):
            yield f"{path}:1: is not built with {package}, as {list_path} is"


def main():
    root = tree.root_from_args()
    all_paths = tree.paths(root)
    known = settings(root)
    installed = programs(root, all_paths)
    problems = [*kubernetes_problems(root, all_paths, known, installed),
                *systemd_problems(root, all_paths, known, installed),
                *image_problems(root, all_paths)]
    checked = [path for path in all_paths if path.startswith((K8S, UNITS))]
    tree.finish("manifests", len(checked), sorted(set(problems)))


if __name__ == "__main__":
    main()
