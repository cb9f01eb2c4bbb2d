using System.Net;

namespace MonitorAspire.Supervision.Probes;

/// <summary>Whether a port can be had.</summary>
public enum PortState
{
    /// <summary>Nobody is in the way.</summary>
    Free,

    /// <summary>Somebody has it.</summary>
    InUse,

    /// <summary>This user may not have it (below 1024, mostly).</summary>
    PermissionDenied,

    /// <summary>This machine has no such address.</summary>
    AddressNotAvailable,
}

/// <summary>Tells whether a port can be had, by trying: what is true is what the kernel allows.</summary>
/// <param name="listeners">Who listens where.</param>
public sealed class PortAvailability(ListenerProbe listeners)
{
    /// <summary>Tries to bind one address and lets go of it at once. Connections in TIME_WAIT are not in the way.</summary>
    /// <param name="address">The address.</param>
    /// <param name="port">The port.</param>
    public static PortState TryBind(IPAddress address, int port) => throw new NotImplementedException();

    /// <summary>
    /// Whether a server could listen on all these addresses: none of them is listened on (also by a wildcard or on behalf of the
    /// other family) and all of them can be bound.
    /// </summary>
    /// <param name="addresses">The addresses, out of <see cref="HostAddresses.Resolve"/>.</param>
    /// <param name="port">The port.</param>
    public PortState Check(IReadOnlyList<IPAddress> addresses, int port) => throw new NotImplementedException($"{listeners}");
}
