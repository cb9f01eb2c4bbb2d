using System.Net;
using System.Net.Sockets;
using BenchmarkDotNet.Attributes;
using MonitorAspire.Supervision.Probes;

namespace MonitorAspire.Benchmarks;

/// <summary>
/// One health probe of a server in this process that answers at once. The allocations include the server's socket of each connection, which is
/// less than 1 KB.
/// </summary>
public class ProbeBenchmarks : IDisposable
{
    private static readonly byte[] Answer = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n"u8.ToArray();

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly HealthProbe _probe = new();
    private HealthRequest _request = null!;
    private HealthRequest _proved = null!;

    [GlobalSetup]
    public void Listen()
    {
        _listener.Start(128);
        new Thread(Serve) { IsBackground = true }.Start();
        _request = new HealthRequest { Host = "127.0.0.1", Port = ((IPEndPoint)_listener.LocalEndpoint).Port, IsExpectedPid = static pid => pid == Environment.ProcessId };
        _proved = _request with { LikelyPids = [Environment.ProcessId] };
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _listener.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>The request alone.</summary>
    [Benchmark(Baseline = true)]
    public async Task<bool> Probe() => (await _probe.ProbeAsync(_request, CancellationToken.None)).Outcome == HealthOutcome.Healthy;

    /// <summary>The request, and the proof of the process at the other end of its connection.</summary>
    [Benchmark]
    public async Task<bool> ProbeAndProveServer() => (await _probe.ProbeAsync(_proved, CancellationToken.None)).Outcome == HealthOutcome.Healthy;

    private void Serve()
    {
        var buffer = new byte[4096];
        try
        {
            while (true)
            {
                using var client = _listener.AcceptSocket();
                client.Receive(buffer);
                client.Send(Answer);
                client.Shutdown(SocketShutdown.Send);
                client.Receive(buffer);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The run is over.
        }
    }
}
