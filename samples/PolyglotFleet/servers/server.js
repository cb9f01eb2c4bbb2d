// A server that does not know what runs it: it listens on PORT and answers /health. Standard library only.
'use strict';

const http = require('node:http');

const port = Number(process.env.PORT);

const server = http.createServer((request, response) => {
  // PID and port are optional. If the answer has them, they are compared with those of the process that was started.
  if (request.url === '/health') {
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify({ status: 'ok', pid: process.pid, port }));
  } else if (request.url === '/') {
    response.setHeader('Content-Type', 'text/plain; charset=utf-8');
    response.end('hello from Node\n');
  } else {
    response.statusCode = 404;
    response.end('nothing here\n');
  }
});

server.listen(port, '127.0.0.1', () => console.log(`node server: PID ${process.pid} on port ${port}`));

process.on('SIGTERM', () => process.exit(0));
