'use strict'

// The Express sample, as an introduction to Express writes it. PORT=0 takes any free port and prints it.
const express = require('express')

const app = express()

app.get('/', (_request, response) => response.send('Hello OUI!'))
app.get('/healthz', (_request, response) => response.send('OK'))

const server = app.listen(process.env.PORT ?? 8000, '127.0.0.1', () => {
  console.log(`listening on ${server.address().port}`)
})
