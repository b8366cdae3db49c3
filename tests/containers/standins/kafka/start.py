"""Starts a broker from `KAFKA_…` variables, as the published image does."""

import os
import re
import subprocess
from pathlib import Path

FILE = Path("/opt/kafka/config/server.properties")
OPTIONS = "KAFKA_HEAP_OPTS"
JAVA = [
    "/opt/java/bin/java",
    *os.environ.get(OPTIONS, "-Xmx512m").split(),
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Dlog4j2.configurationFile=/opt/kafka/log4j2.xml",
    "--sun-misc-unsafe-memory-access=allow",
    "-cp",
    "/opt/kafka/libs/jars/*:/opt/kafka/libs/modules/*",
]
MARKS = {"_": ".", "__": "_", "___": "-"}


def name_of(variable: str) -> str:
    """Return the setting that a variable stands for."""
    name = variable.removeprefix("KAFKA_").lower()
    return re.sub("_+", lambda found: MARKS[found[0]], name)


def main() -> None:
    """Write the settings, format the folder once, and become the broker."""
    settings = {
        name_of(variable): value
        for variable, value in os.environ.items()
        if variable.startswith("KAFKA_") and variable != OPTIONS
    }
    FILE.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    tool = [*JAVA, "kafka.tools.StorageTool", "format", "--ignore-formatted"]
    subprocess.run([*tool, "-t", os.environ["CLUSTER_ID"], "-c", str(FILE)], check=True)
    os.execv(JAVA[0], [*JAVA, "kafka.Kafka", str(FILE)])


if __name__ == "__main__":
    main()
