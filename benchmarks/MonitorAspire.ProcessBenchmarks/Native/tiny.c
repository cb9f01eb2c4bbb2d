// The small native program of the process benchmarks. It is in C so that its own time does not hide the time that is measured.
//
//   tiny serve PORT DELAY_MS FILE [NOTIFY_FD]   a daemon: listens DELAY_MS after its start, and answers every HTTP request with 200
//   tiny check PORT                             one health request: exit code 0 if the answer is 200
//   tiny bare START INTERVAL_MS FLEET           spawns daemons and probes them every 0.1 ms: the lower limit of every figure
//   tiny version                                prints a line and exits
//
// Each instance of the daemon appends one line to FILE: its PID, and the CLOCK_MONOTONIC nanoseconds of its start and of listen(2).
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_CONNECTIONS 256
#define MAX_DAEMONS 1024
#define MAX_ARGUMENTS 32

extern char **environ;

static long long now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static struct sockaddr_in loopback(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static int fail(const char *what)
{
    fprintf(stderr, "tiny: %s: %s\n", what, strerror(errno));
    return 1;
}

struct connection
{
    char buffer[4096];
    int length;
};

// GET /count tells how many other requests were answered, so that the harness knows whether a supervisor really probes.
static int answer(int client, struct connection *state, long *count)
{
    char body[32] = "ok\n", reply[256];
    if (strncmp(state->buffer, "GET /count", 10) == 0)
        snprintf(body, sizeof body, "%ld\n", *count);
    else
        ++*count;

    int close_after = strcasestr(state->buffer, "connection: close") != NULL || strstr(state->buffer, "HTTP/1.0\r\n") != NULL;
    int length = snprintf(reply, sizeof reply, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n%s\r\n%s",
                          strlen(body), close_after ? "Connection: close\r\n" : "", body);
    state->length = 0;
    return write(client, reply, length) == length && !close_after;
}

static int serve(int argc, char **argv)
{
    long long started = now_ns();
    if (argc < 5)
        return 2;

    // If the harness is killed, its daemons end by themselves.
    alarm(3600);
    signal(SIGPIPE, SIG_IGN);
    int port = atoi(argv[2]);
    long long due = started + atoll(argv[3]) * 1000000;
    struct timespec until = {.tv_sec = due / 1000000000, .tv_nsec = due % 1000000000};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
        ;

    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    struct sockaddr_in address = loopback(port);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 128) != 0)
        return fail("bind");
    long long ready = now_ns();

    char line[96];
    int length = snprintf(line, sizeof line, "%d %lld %lld\n", getpid(), started, ready);
    int file = open(argv[4], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (file < 0 || write(file, line, length) != length)
        return fail(argv[4]);
    close(file);
    if (argc > 5 && write(atoi(argv[5]), "\n", 1) != 1)
        return fail("notify");

    static struct connection states[MAX_CONNECTIONS];
    struct pollfd all[MAX_CONNECTIONS + 1] = {{.fd = listener, .events = POLLIN}};
    int open_connections = 0;
    long count = 0;
    for (;;)
    {
        // With all connections in use, new ones wait in the kernel.
        all[0].events = open_connections < MAX_CONNECTIONS ? POLLIN : 0;
        if (poll(all, open_connections + 1, -1) < 0)
            continue;
        for (int i = open_connections; i >= 1; i--)
        {
            if (all[i].revents == 0)
                continue;
            struct connection *state = &states[i - 1];
            ssize_t got = read(all[i].fd, state->buffer + state->length, sizeof state->buffer - 1 - state->length);
            int keep = got > 0;
            if (keep)
            {
                state->length += got;
                state->buffer[state->length] = 0;
                if (strstr(state->buffer, "\r\n\r\n") != NULL)
                    keep = answer(all[i].fd, state, &count);
            }
            if (!keep)
            {
                close(all[i].fd);
                all[i] = all[open_connections];
                states[i - 1] = states[open_connections - 1];
                open_connections--;
            }
        }
        if (all[0].revents != 0)
        {
            int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
            if (client >= 0)
            {
                states[open_connections].length = 0;
                all[++open_connections] = (struct pollfd){.fd = client, .events = POLLIN};
            }
        }
    }
}

static int probe(int port)
{
    static const char request[] = "GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
    char reply[512];
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval limit = {.tv_sec = 2};
    setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    struct sockaddr_in address = loopback(port);
    int healthy = connect(client, (struct sockaddr *)&address, sizeof address) == 0
        && write(client, request, sizeof request - 1) == sizeof request - 1
        && read(client, reply, sizeof reply) >= 12
        && memcmp(reply + 8, " 200", 4) == 0;
    close(client);
    return healthy;
}

enum state { STOPPED, STARTING, RUNNING, STOPPING };

struct fleet_daemon
{
    enum state state;
    pid_t pid;
    int port;
    char *arguments[MAX_ARGUMENTS + 1];
};

static struct fleet_daemon daemons[MAX_DAEMONS];
static int daemon_count;

static void say(const char *what, int daemon)
{
    char line[64];
    int length = snprintf(line, sizeof line, "%s %d\n", what, daemon);
    if (write(1, line, length) != length)
        exit(1);
}

static void start(struct fleet_daemon *d)
{
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    if (posix_spawn(&d->pid, d->arguments[0], &files, &attributes, d->arguments, environ) != 0)
        exit(fail(d->arguments[0]));
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    d->state = STARTING;
}

static void read_fleet(const char *path)
{
    FILE *file = fopen(path, "r");
    if (file == NULL)
        exit(fail(path));
    char *line = NULL;
    size_t size = 0;
    while (daemon_count < MAX_DAEMONS && getline(&line, &size, file) > 0)
    {
        struct fleet_daemon *d = &daemons[daemon_count];
        char *rest = strdup(line), *word;
        int arguments = -1;
        while ((word = strsep(&rest, " \n")) != NULL && arguments < MAX_ARGUMENTS)
        {
            if (*word == 0)
                continue;
            if (arguments < 0)
                d->port = atoi(word);
            else
                d->arguments[arguments] = word;
            arguments++;
        }
        if (arguments > 0)
            daemon_count++;
    }
    free(line);
    fclose(file);
}

static void command(const char *text)
{
    int index;
    if (sscanf(text, "start %d", &index) == 1 && index < daemon_count && daemons[index].state == STOPPED)
        start(&daemons[index]);
    else if (sscanf(text, "stop %d", &index) == 1 && index < daemon_count && daemons[index].pid > 0)
    {
        daemons[index].state = STOPPING;
        kill(daemons[index].pid, SIGTERM);
    }
}

static void reap(void)
{
    pid_t pid;
    while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
        for (int i = 0; i < daemon_count; i++)
        {
            if (daemons[i].pid != pid)
                continue;
            daemons[i].pid = 0;
            if (daemons[i].state == STOPPING)
            {
                daemons[i].state = STOPPED;
                say("stopped", i);
            }
            else
                start(&daemons[i]);
        }
}

// FLEET has a line for each daemon: its port and its command line. Standard input takes "start N" and "stop N"; its end stops everything.
// Standard output gets "said N" when daemon N has answered, and "stopped N".
static int bare(int argc, char **argv)
{
    if (argc < 5)
        return 2;
    int start_all = atoi(argv[2]);
    long long interval = atoll(argv[3]) * 1000000;
    read_fleet(argv[4]);

    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, NULL);
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_TIMERSLACK, 1);
    struct pollfd events[2] = {{.fd = 0, .events = POLLIN}, {.fd = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK), .events = POLLIN}};
    for (int i = 0; start_all && i < daemon_count; i++)
        start(&daemons[i]);

    // The probes of all daemons are spread evenly over the interval.
    long long due = now_ns();
    int next = 0;
    char input[4096];
    int input_length = 0;
    for (;;)
    {
        int starting = 0;
        for (int i = 0; i < daemon_count; i++)
        {
            if (daemons[i].state != STARTING)
                continue;
            if (probe(daemons[i].port))
            {
                daemons[i].state = RUNNING;
                say("said", i);
            }
            else
                starting++;
        }

        // Without the short pause the scheduler of a busy machine would punish this process for the processor time that it uses.
        struct timespec pause = {.tv_nsec = 100000}, *timeout = starting > 0 ? &pause : NULL;
        if (interval > 0 && starting == 0)
        {
            if (now_ns() >= due)
            {
                if (daemons[next].state == RUNNING)
                    probe(daemons[next].port);
                next = (next + 1) % daemon_count;
                due += interval / daemon_count;
                if (due < now_ns() - interval)
                    due = now_ns();
            }
            pause.tv_nsec = due > now_ns() ? (due - now_ns()) % 1000000000 : 0;
            timeout = &pause;
        }

        if (ppoll(events, 2, timeout, NULL) <= 0)
            continue;
        if (events[1].revents != 0)
        {
            struct signalfd_siginfo ignored[16];
            while (read(events[1].fd, ignored, sizeof ignored) > 0)
                ;
            reap();
        }
        if (events[0].revents != 0)
        {
            ssize_t got = read(0, input + input_length, sizeof input - 1 - input_length);
            if (got <= 0)
            {
                for (int i = 0; i < daemon_count; i++)
                    if (daemons[i].pid > 0)
                        kill(daemons[i].pid, SIGKILL);
                return 0;
            }
            input_length += got;
            input[input_length] = 0;
            char *line = input, *end;
            while ((end = strchr(line, '\n')) != NULL)
            {
                *end = 0;
                command(line);
                line = end + 1;
            }
            input_length = strlen(line);
            memmove(input, line, input_length + 1);
        }
    }
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "";
    if (strcmp(mode, "serve") == 0)
        return serve(argc, argv);
    if (strcmp(mode, "check") == 0 && argc > 2)
        return probe(atoi(argv[2])) ? 0 : 1;
    if (strcmp(mode, "bare") == 0)
        return bare(argc, argv);
    if (strcmp(mode, "version") == 0)
        return puts("tiny 1") < 0;
    fputs("usage: tiny serve|check|bare|version\n", stderr);
    return 2;
}
