"""Echoes messages, or sends some and says what came back: websocket.py serve PORT | websocket.py call URL"""
import asyncio
import sys
import websockets


async def echo(connection, path):
    await connection.send("path " + path)
    async for message in connection:
        await connection.send(message)


async def serve(port):
    async with websockets.serve(echo, "127.0.0.1", port, max_size=None):
        await asyncio.Future()


async def call(url):
    async with websockets.connect(url, max_size=None) as connection:
        print(await connection.recv())
        for message in ["hello", b"\0\1\2", "x" * 1000000]:
            await connection.send(message)
            print(await connection.recv() == message)
        await (await connection.ping())
    print("closed", connection.close_code)


asyncio.run(serve(int(sys.argv[2])) if sys.argv[1] == "serve" else call(sys.argv[2]))
