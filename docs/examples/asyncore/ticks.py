import asyncore
import time

listener = asyncore.dispatcher()
listener.create_socket()
listener.bind(("127.0.0.1", 0))
listener.listen(5)

due = time.monotonic() + 0.05
ticks = 0
while ticks < 3:
    asyncore.loop(timeout=max(0, due - time.monotonic()), count=1)
    if time.monotonic() >= due:
        print("tick", flush=True)
        ticks += 1
        due += 0.05
