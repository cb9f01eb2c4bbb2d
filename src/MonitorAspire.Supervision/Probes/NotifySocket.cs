using System.Net.Sockets;
using System.Runtime.Versioning;
using System.Text;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Supervision.Probes;

/// <summary>
/// The socket <c>NOTIFY_SOCKET</c> of one daemon, as in systemd's sd_notify(3). Only messages from a member of the instance count; the kernel
/// tells the PID of the sender.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class NotifySocket : IDisposable
{
    internal const string EnvironmentVariable = "NOTIFY_SOCKET";

    // sun_path in unix(7), with its NUL.
    private const int LongestPath = 107;

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _ended = new();
    private readonly TimeProvider _time;
    private readonly Socket _socket;
    private readonly string _path;
    private Func<int, bool>? _isMember;
    private Seen _seen;

    private NotifySocket(string path, TimeProvider time)
    {
        _path = path;
        _time = time;
        _seen = new Seen(IsReady: false, Status: null, MainPid: null, AliveAt: time.GetTimestamp(), Refused: null);
        AtomicFile.TryDelete(path);
        _socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        try
        {
            _socket.SetRawSocketOption(CredentialMessage.OptionLevel, CredentialMessage.PassCredentials, BitConverter.GetBytes(1));
            _socket.Bind(new UnixDomainSocketEndPoint(path));
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
        catch
        {
            _socket.Dispose();
            throw;
        }
    }

    /// <summary>What the daemon has sent so far. The refused text is about a message that did not count.</summary>
    internal sealed record Seen(bool IsReady, string? Status, int? MainPid, long AliveAt, string? Refused);

    internal Seen Latest
    {
        get
        {
            lock (_gate)
            {
                return _seen;
            }
        }
    }

    /// <summary>Time since the last <c>READY=1</c> or <c>WATCHDOG=1</c>, or since the socket was made.</summary>
    internal TimeSpan SilentFor => _time.GetElapsedTime(Latest.AliveAt);

    /// <summary>Makes the socket. A socket file that is there is replaced.</summary>
    /// <exception cref="StartupFailedException">It cannot be made.</exception>
    internal static NotifySocket Open(string path, TimeProvider time)
    {
        if (Encoding.UTF8.GetByteCount(path) > LongestPath)
        {
            throw new StartupFailedException(
                StartupReason.InvalidConfiguration,
                $"Health:Kind Notify: the path of the socket {path} is longer than {LongestPath} bytes; a shorter state directory is needed");
        }

        try
        {
            return new NotifySocket(path, time);
        }
        catch (SocketException e)
        {
            throw new StartupFailedException(StartupReason.PermissionDenied, $"the socket {path} cannot be made: {e.Message}");
        }
    }

    /// <summary>Reads messages from now on. Those that came before are kept by the kernel.</summary>
    internal void Listen(Func<int, bool> isMember)
    {
        lock (_gate)
        {
            var isFirst = _isMember is null;
            _isMember = isMember;
            if (isFirst)
            {
                _ = ReceiveAsync();
            }
        }
    }

    public void Dispose()
    {
        _ended.Cancel();
        _socket.Dispose();
        _ended.Dispose();
        AtomicFile.TryDelete(_path);
    }

    private async Task ReceiveAsync()
    {
        var buffer = new byte[16 * 1024];
        var first = new byte[1];
        try
        {
            while (!_ended.IsCancellationRequested)
            {
                // Only a look: the datagram itself is read with the PID of its sender.
                await _socket.ReceiveAsync(first, SocketFlags.Peek, _ended.Token).ConfigureAwait(false);
                int length;
                while ((length = CredentialMessage.Receive((int)_socket.Handle, buffer, out var pid)) >= 0)
                {
                    Take(Encoding.UTF8.GetString(buffer, 0, length), pid);
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // The socket was closed.
        }
    }

    private void Take(string message, int pid)
    {
        var isMember = _isMember!(pid);
        lock (_gate)
        {
            if (!isMember)
            {
                _seen = _seen with { Refused = $"a message of PID {pid} did not count, because that process is not a living member of this instance" };
                return;
            }

            _seen = Read(message, _seen, _time.GetTimestamp());
        }
    }

    /// <summary>What is known after a message: lines of <c>NAME=value</c>, see sd_notify(3). Lines that are not known are ignored.</summary>
    internal static Seen Read(string message, Seen seen, long now)
    {
        foreach (var line in message.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var separator = line.IndexOf('=', StringComparison.Ordinal);
            var (key, value) = separator < 0 ? (line, "") : (line[..separator], line[(separator + 1)..]);
            seen = key switch
            {
                "READY" when value == "1" => seen with { IsReady = true, AliveAt = now },
                "WATCHDOG" when value == "1" => seen with { AliveAt = now },
                "STATUS" => seen with { Status = HealthBody.Lines(Encoding.UTF8.GetBytes(value)) is [var status, ..] ? status : null },
                "MAINPID" when int.TryParse(value, out var main) && main > 0 => seen with { MainPid = main },
                _ => seen,
            };
        }

        return seen;
    }
}
