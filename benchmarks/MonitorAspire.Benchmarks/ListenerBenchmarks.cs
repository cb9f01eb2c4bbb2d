using System.Net;
using System.Net.Sockets;
using BenchmarkDotNet.Attributes;
using MonitorAspire.Supervision.Probes;

namespace MonitorAspire.Benchmarks;

/// <summary>Looks up who listens, on a machine with many sockets. All sockets belong to this process.</summary>
public class ListenerBenchmarks
{
    private readonly ListenerProbe _probe = ListenerProbe.Current;
    private readonly List<Socket> _sockets = [];
    private int _port;

    /// <summary>How many listening sockets there are besides those of the machine.</summary>
    [Params(10, 10_000)]
    public int Sockets { get; set; }

    [GlobalSetup]
    public void Listen()
    {
        // Many addresses, because one has too few free ports.
        for (var i = 0; i < Sockets; i++)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            _sockets.Add(socket);
            socket.Bind(new IPEndPoint(new IPAddress([127, 0, (byte)(1 + (i / 1000)), 1]), 0));
            socket.Listen(1);
        }

        _port = ((IPEndPoint)_sockets[^1].LocalEndPoint!).Port;
    }

    [GlobalCleanup]
    public void Close() => _sockets.ForEach(socket => socket.Dispose());

    /// <summary>The listening sockets of one port.</summary>
    [Benchmark]
    public int Find() => _probe.Find(_port).Count;

    /// <summary>The same, and the processes that own them, when the owner is known to be probable.</summary>
    [Benchmark]
    public int FindOwners() => _probe.FindOwners(_port, [Environment.ProcessId]).Count;

    /// <summary>All listening sockets of the machine.</summary>
    [Benchmark]
    public int FindAll() => _probe.Find(null).Count;
}
