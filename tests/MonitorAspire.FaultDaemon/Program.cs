using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using MonitorAspire.FaultDaemon;

// A daemon with faults. Each fault is an option. The options are listed in the order in which they take effect.
//   --port N --host H --pid-file F     the right values
//   --fork, --daemonize                exit and go on in a child; --daemonize also leaves the session and closes the lock
//   --leak                             start a child that ignores SIGTERM and lives longer than the daemon
//   --say TEXT, --flood MB             write to stdout
//   --exit CODE, --raise SIGNAL, --hang, --start-delay MS     before the socket is bound
//   --write-pid N, --no-pid-file       a wrong PID file, or none
//   --silent, --status N, --answer-delay MS, --answer-pid N, --answer-port N, --body TEXT, --bind-port N
//   --mood F                           a file with the status of each answer, or "hang" for no answer
//   --ignore-term, --close-after MS, --exit-after MS, --exit-code N, --exit-with-file F
//   --drain F                          on SIGTERM it closes its socket, and ends when the file is there
var faults = new Faults(args);
var port = faults.Number("bind-port") ?? faults.Number("port") ?? 0;

if (faults.Has("fork") || faults.Has("daemonize"))
{
    StartSelf([.. args.Where(a => a is not ("--fork" or "--daemonize")), .. faults.Has("daemonize") ? ["--detach"] : Array.Empty<string>()]);
    return faults.Number("exit-code") ?? 0;
}

if (faults.Has("detach"))
{
    // Like a classic daemon: it starts a new session and closes the inherited descriptor.
    _ = Native.setsid();
    _ = Native.close(3);
}

if (faults.Has("sleep-forever"))
{
    using var ignored = PosixSignalRegistration.Create(PosixSignal.SIGTERM, c => c.Cancel = true);
    Thread.Sleep(Timeout.Infinite);
}

if (faults.Text("say") is { } text)
{
    Console.WriteLine(text);
}

if (faults.Number("flood") is { } megabytes)
{
    var line = new string('x', 1023) + "\n";
    using var stdout = Console.OpenStandardOutput();
    var chunk = System.Text.Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(line, 1024)));
    for (var i = 0; i < megabytes; i++)
    {
        stdout.Write(chunk);
    }
}

if (faults.Has("leak"))
{
    StartSelf(["--sleep-forever"]);
}

if (faults.Number("exit") is { } code)
{
    return code;
}

if (faults.Number("raise") is { } signal)
{
    _ = Native.kill(Environment.ProcessId, signal);
    Thread.Sleep(Timeout.Infinite);
}

using var stopped = new ManualResetEventSlim();
using var onTerm = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
{
    context.Cancel = true;
    if (!faults.Has("ignore-term"))
    {
        stopped.Set();
    }
});

if (faults.Has("hang"))
{
    stopped.Wait();
    return 0;
}

if (faults.Number("start-delay") is { } startDelay && stopped.Wait(startDelay))
{
    return 0;
}

if (faults.Text("pid-file") is { } pidFile && !faults.Has("no-pid-file"))
{
    File.WriteAllText(pidFile, string.Create(CultureInfo.InvariantCulture, $"{faults.Number("write-pid") ?? Environment.ProcessId}\n"));
}

using var server = new HealthServer(faults, port);
try
{
    server.Start();
}
catch (System.Net.Sockets.SocketException e)
{
    Console.Error.WriteLine($"fault-daemon: cannot bind {port}: {e.Message}");
    return 69;
}

if (faults.Number("close-after") is { } closeAfter && !stopped.Wait(closeAfter))
{
    server.Dispose();
}

if (faults.Number("exit-after") is { } exitAfter)
{
    stopped.Wait(exitAfter);
    return faults.Number("exit-code") ?? 0;
}

stopped.Wait();
if (faults.Text("drain") is { } drained)
{
    server.Dispose();
    while (!File.Exists(drained))
    {
        Thread.Sleep(10);
    }
}

return 0;

static void StartSelf(IEnumerable<string> arguments)
{
    var start = new ProcessStartInfo(Environment.ProcessPath!) { UseShellExecute = false };
    foreach (var argument in arguments)
    {
        start.ArgumentList.Add(argument);
    }

    Process.Start(start)!.Dispose();
}
