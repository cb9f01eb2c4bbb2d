using System.Net.Sockets;
using MonitorAspire.Supervision.Identity;

namespace MonitorAspire.Supervision.Probes;

/// <summary>Explains why one of our servers could not listen.</summary>
internal static class BindErrors
{
    /// <summary>The socket's error in an exception, or null. Kestrel wraps it in an <see cref="IOException"/> around an exception of its own.</summary>
    public static SocketError? SocketErrorIn(Exception? exception)
    {
        for (; exception is not null; exception = exception.InnerException)
        {
            switch (exception)
            {
                case SocketException socket:
                    return socket.SocketErrorCode;
                case AggregateException { InnerExceptions: var all } when all.Select(SocketErrorIn).FirstOrDefault(e => e is not null) is { } inner:
                    return inner;
            }
        }

        return null;
    }

    /// <summary>The processes that listen on a port, for people, as far as this platform and this user can tell.</summary>
    public static string DescribeOwners(int port)
    {
        try
        {
            var owners = ListenerProbe.Current.FindOwners(port).Select(o => o.ToPortOwner(ProcessTable.Current).ToString()).Distinct().ToList();
            if (owners.Count > 0)
            {
                return string.Join(" and ", owners);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or PlatformNotSupportedException)
        {
            // The owner is not known.
        }

        return "an unknown process";
    }
}
