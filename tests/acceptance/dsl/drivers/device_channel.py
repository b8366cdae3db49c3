"""The channel `device`: rings the devices of the world in memory, as a channel of others would."""

from tests.acceptance.dsl.devices import Answer, Device, Message
from tests.acceptance.dsl.drivers import WEB
from tocsin.channels import (
    Cap,
    ChannelInfo,
    Delivered,
    Delivery,
    ExternalRef,
    MessageDoc,
    SendResult,
    TargetGone,
    Transient,
)

NAME = "device"


class Switchboard:
    """Which device an address is."""

    def __init__(self) -> None:
        self._devices: dict[str, Device] = {}

    def connect(self, device: Device) -> str:
        """Return the address of a device."""
        address = f"{device.owner}/{device.name}"
        self._devices[address] = device
        return address

    def ring(self, address: str, message: Message) -> Answer:
        """Ring a device."""
        return self._devices[address.removeprefix(WEB)].ring(message)


class DeviceChannel:
    """Rings the devices of one world."""

    info = ChannelInfo(name=NAME, caps=Cap.SEND | Cap.UPDATE)

    def __init__(self, switchboard: Switchboard) -> None:
        self._switchboard = switchboard

    async def send(self, delivery: Delivery, doc: MessageDoc) -> SendResult:
        """Ring."""
        return self._ring(delivery, doc)

    async def update(self, delivery: Delivery, ref: ExternalRef, doc: MessageDoc) -> SendResult:
        """Say what became of it, without ringing."""
        del ref
        return self._ring(delivery, doc)

    def _ring(self, delivery: Delivery, doc: MessageDoc) -> SendResult:
        links = {} if doc.incidents else {one.action: one.url for one in doc.buttons}
        message = Message(
            purpose=doc.purpose,
            title=doc.title,
            status=doc.status,
            incident_id=doc.incident_id,
            delivery_id=delivery.delivery_id,
            at=delivery.at,
            link=links.get("acknowledge", ""),
            text=doc.text,
            titles=tuple(line.title for line in doc.incidents),
            links=tuple((line.incident_id, line.url) for line in doc.incidents),
        )
        match self._switchboard.ring(delivery.address, message):
            case "taken":
                return Delivered()
            case "refused":
                return Transient("the device refuses")
            case "gone":
                return TargetGone("the device is gone")
