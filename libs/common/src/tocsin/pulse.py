"""Whether the consumers are alive inside, which Kafka cannot see."""

from faststream.kafka import KafkaBroker


def stalled(broker: KafkaBroker) -> list[str]:
    """Return what is dead inside consumers that still look alive to Kafka.

    aiokafka's fetch task can die unobserved: polls then wait for ever while heartbeats go on.
    """
    found = []
    for subscriber in broker.subscribers:
        consumer = getattr(subscriber, "consumer", None)
        name = ",".join(getattr(subscriber, "topic_names", ()))
        for owner, task in (("_fetcher", "_fetch_task"), ("_coordinator", "_coordination_task")):
            running = getattr(getattr(consumer, owner, None), task, None)
            if running is not None and running.done():
                found.append(f"{name}: {task} has ended")
        tasks = getattr(subscriber, "tasks", None)
        if consumer is not None and tasks and all(task.done() for task in tasks):
            found.append(f"{name}: its consume loop has ended")
    return found
