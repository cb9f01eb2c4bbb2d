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

    // In memory where that is possible. On ext4 a new file costs more, the more files were deleted in the last seconds, and that is what each run does.
    private const string Memory = "/dev/shm";

    private readonly string _directory = NewDirectory();
    private readonly string _programs = Directory.CreateTempSubdirectory("monitor-aspire-bench-").FullName; // what is in memory may not be executed everywhere
    private int _port = FirstPort + Random.Shared.Next(LastPort - FirstPort);
    private int _directories;

    public Workspace()
    {
        Tiny = Path.Combine(_programs, "tiny");
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
        Delete(_directory);
        Delete(_programs);
    }

    private static void Delete(string directory)
    {
        // A process that was just killed may still have created a file while the directory was being emptied.
        for (var tries = 1; Directory.Exists(directory); tries++)
        {
            try
            {
                Directory.Delete(directory, recursive: true);
            }
            catch (IOException e) when (tries < 10)
            {
                Trace.TraceWarning(e.Message);
                Thread.Sleep(200);
            }
        }
    }

    private static string NewDirectory()
    {
        const string Name = "monitor-aspire-bench-";
        return Directory.Exists(Memory)
            ? Directory.CreateDirectory(Path.Combine(Memory, $"{Name}{Guid.NewGuid():N}"), UnixMode).FullName
            : Directory.CreateTempSubdirectory(Name).FullName;
    }

    private const UnixFileMode UnixMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
}
