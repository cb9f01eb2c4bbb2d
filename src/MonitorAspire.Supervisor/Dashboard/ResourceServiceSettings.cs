using System.Globalization;
using System.Net;
using MonitorAspire.Supervisor.Settings;

namespace MonitorAspire.Supervisor.Dashboard;

/// <summary>Where the dashboard finds the supervisor, and what it has to show.</summary>
/// <param name="Address">A loopback address: the service speaks HTTP/2 without TLS, which is nothing for a network.</param>
/// <param name="Port">The port.</param>
/// <param name="ApiKey">The key; <see langword="null"/> lets everybody on this machine in.</param>
internal sealed record ResourceServiceSettings(IPAddress Address, int Port, string? ApiKey)
{
    /// <summary>The variable with the service's URL; without it there is no service.</summary>
    internal const string UrlVariable = SupervisorSettings.ResourceServiceUrlVariable;

    /// <summary>The variable with the key that the dashboard shows.</summary>
    internal const string ApiKeyVariable = SupervisorSettings.ResourceServiceApiKeyVariable;

    private const int MinimumKeyLength = 16;

    /// <summary>The URL, as the dashboard is told it.</summary>
    internal string Url => string.Create(CultureInfo.InvariantCulture, $"http://{new IPEndPoint(Address, Port)}");

    /// <summary>Reads them; <see langword="null"/> where no service is wanted.</summary>
    /// <exception cref="ConfigurationException">A value is wrong; the message names it, but never the key itself.</exception>
    internal static ResourceServiceSettings? Read(IConfiguration configuration)
    {
        var url = configuration[UrlVariable];
        if (string.IsNullOrWhiteSpace(url))
        {
            return null;
        }

        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme != Uri.UriSchemeHttp || uri.PathAndQuery != "/"
            || Loopback(uri.IdnHost) is not { } address)
        {
            throw new ConfigurationException($"{UrlVariable}: '{url}' is not an address of this machine's loopback like http://127.0.0.1:18890");
        }

        var key = configuration[ApiKeyVariable];
        if (string.IsNullOrEmpty(key))
        {
            return new ResourceServiceSettings(address, uri.Port, null);
        }

        return key.Length >= MinimumKeyLength
            ? new ResourceServiceSettings(address, uri.Port, key)
            : throw new ConfigurationException($"{ApiKeyVariable}: a key of {key.Length} characters can be guessed; it needs {MinimumKeyLength}");
    }

    // One address and not both loopbacks: the dashboard connects to exactly this one.
    private static IPAddress? Loopback(string host) => host switch
    {
        "localhost" => IPAddress.Loopback,
        _ when IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address) => address,
        _ => null,
    };
}
