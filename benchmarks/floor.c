/* The least that a runtime can do: it takes events from the Runtime API and posts the same result for each, and reads
   no JSON. With a command, it starts that as a server first, and asks it once for each event, over one connection
   that is kept: the least that a sidecar can do, such as AWS Lambda Web Adapter.
   Arguments: [PORT COMMAND...] */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define RESULT "{\"statusCode\": 200, \"headers\": {\"content-type\": \"application/json\"}, \"body\": \"{}\"}"

static char room[1 << 20];

static int connected(const char *host, int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    int one = 1, connection = socket(AF_INET, SOCK_STREAM, 0);
    inet_pton(AF_INET, host, &address.sin_addr);
    if (connect(connection, (struct sockaddr *)&address, sizeof address)) {
        close(connection);
        return -1;
    }
    setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return connection;
}

/* Send a request and read its response into `room`, whose head has a Content-Length. */
static void asked(int connection, const char *request, int length) {
    char *end = NULL, *at;
    long filled = 0, whole = -1;
    if (write(connection, request, length) != length) exit(1);
    while (whole < 0 || filled < whole) {
        long got = read(connection, room + filled, sizeof room - 1 - filled);
        if (got <= 0) exit(1);
        room[filled += got] = 0;
        if (whole < 0 && (end = strstr(room, "\r\n\r\n")) && (at = strcasestr(room, "content-length:")))
            whole = end + 4 - room + atol(at + 15);
    }
}

int main(int count, char **arguments) {
    char host[64], request[512];
    int port, api, server = -1;
    if (sscanf(getenv("AWS_LAMBDA_RUNTIME_API"), "%63[^:]:%d", host, &port) != 2) return 1;
    if (count > 1) {
        if (!fork()) {
            execv(arguments[2], arguments + 2);
            _exit(1);
        }
        while ((server = connected("127.0.0.1", atoi(arguments[1]))) < 0) usleep(500);
    }
    if ((api = connected(host, port)) < 0) return 1;
    for (;;) {
        const char *next = "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n";
        const char *get = "GET /items/42 HTTP/1.1\r\nHost: x\r\n\r\n";
        char *id;
        asked(api, next, strlen(next));
        if (!(id = strcasestr(room, "request-id: "))) return 1;
        int length = sprintf(request,
            "POST /2018-06-01/runtime/invocation/%.36s/response HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n%s",
            id + 12, strlen(RESULT), RESULT);
        if (server >= 0) asked(server, get, strlen(get));
        if (server >= 0 && strncmp(room + 9, "200", 3)) return 1;
        asked(api, request, length);
    }
}
