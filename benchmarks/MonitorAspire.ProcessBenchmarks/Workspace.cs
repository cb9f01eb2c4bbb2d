using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using MonitorAspire.ProcessBenchmarks.Measuring;

namespace MonitorAspire.ProcessBenchmarks;

/// <summary>A temporary directory with the native program, and the ports of one run. Everything in it is removed at the end.</summary>
internal sealed class Workspace : IDisposable
{
    // Below the range that the kernel takes the ports of outgoing connections from, so that no client has one of these ports.
    private const int FirstPort = 20_000;
    private const int LastPort = 32_000;

    private readonly string _directory = Directory.CreateTempSubdirectory("monitor-aspire-bench-").FullName;
    private int _port = FirstPort + Random.Shared.Next(LastPort - FirstPort);
    private int _directories;

    public Workspace()
    {
        Tiny = Path.Combine(_directory, "tiny");
        Commands.Run("cc", "-O2", "-o", Tiny, Path.Combine(AppContext.BaseDirectory, "Native", "tiny.c"));
    }

    /// <summary>The native program.</summary>
    public string Tiny { get; }

    public string NewDirectory(string name) => Directory.CreateDirectory(Path.Combine(_directory, $"{++_directories}-{name}"), UnixMode).FullName;

    public int NextPort()
    {
        while (true)
        {
            _port = _port >= LastPort ? FirstPort : _port + 1;
            try
            {
                using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                socket.Bind(new IPEndPoint(IPAddress.Loopback, _port));
                return _port;
            }
            catch (SocketException)
            {
                // Another process has it.
            }
        }
    }

    /// <summary>Daemons that are ready after a delay, each on a port of its own.</summary>
    public IReadOnlyList<TinyDaemon> Daemons(int count, int delayMs)
    {
        var directory = NewDirectory("daemons");
        return [.. Enumerable.Range(0, count).Select(i => new TinyDaemon(i, NextPort(), delayMs, Tiny, Path.Combine(directory, $"{i}.ready")))];
    }

    public void Dispose()
    {
        // A process that was just killed may still have created a file while the directory was being emptied.
        for (var tries = 1; Directory.Exists(_directory); tries++)
        {
            try
            {
                Directory.Delete(_directory, recursive: true);
            }
            catch (IOException e) when (tries < 10)
            {
                Trace.TraceWarning(e.Message);
                Thread.Sleep(200);
            }
        }
    }

    private const UnixFileMode UnixMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
}
