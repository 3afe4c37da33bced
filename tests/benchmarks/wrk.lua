-- Sends the requests of the file that BENCH_REQUESTS names, each as it is, in turn.
-- wrk runs this with one thread, so that no request is sent twice. It takes the first
-- request to check this script, and never sends it.
local bodies_contain = os.getenv("BENCH_REQUIRED")
local requests, position, repeats = {}, 0, os.getenv("BENCH_REPEAT") == "1"
local threads = {}
wrong, exhausted, sent = 0, 0, 0

function setup(thread)
    table.insert(threads, thread)
end

function init()
    local file = assert(io.open(os.getenv("BENCH_REQUESTS"), "rb"))
    for request in file:read("*a"):gmatch("[^\1]+") do
        table.insert(requests, request)
    end
    file:close()
end

function request()
    if position == #requests then
        if not repeats then
            exhausted = 1
            wrk.thread:stop()
            return "GET /health HTTP/1.1\r\nHost: bench\r\n\r\n"
        end
        position = 0
    end
    position = position + 1
    sent = sent + 1
    return requests[position]
end

-- Without this function wrk does not pass answers to Lua, which costs less.
if bodies_contain then
    function response(status, headers, body)
        if not body:find(bodies_contain, 1, true) then
            wrong = wrong + 1
        end
    end
end

function done(summary, latency)
    local thread, errors = threads[1], summary.errors
    io.write(string.format(
        '\n{"completed": %d, "seconds": %f, "p50_ms": %f, "p99_ms": %f, '
            .. '"sent": %d, "wrong": %d, "exhausted": %d, "refused": %d, "broken": %d}\n',
        summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3,
        latency:percentile(99) / 1e3, thread:get("sent"), thread:get("wrong"),
        thread:get("exhausted"), errors.status,
        errors.connect + errors.read + errors.write + errors.timeout
    ))
end
