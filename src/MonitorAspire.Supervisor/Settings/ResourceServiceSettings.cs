using System.Globalization;
using System.Net;

namespace MonitorAspire.Supervisor.Settings;

/// <summary>Address (of the loopback, because there is no TLS) and key of the resource service for the Aspire dashboard.</summary>
internal sealed record ResourceServiceSettings(IPAddress Address, int Port, string ApiKey)
{
    /// <summary>The variable with the service's URL; without it there is no service.</summary>
    internal const string UrlVariable = "MONITOR_RESOURCE_SERVICE_URL";

    /// <summary>The variable with the key, 16 characters or more. Required with <see cref="UrlVariable"/>.</summary>
    internal const string ApiKeyVariable = "MONITOR_RESOURCE_SERVICE_API_KEY";

    private const int MinimumKeyLength = 16;

    internal string Url => string.Create(CultureInfo.InvariantCulture, $"http://{new IPEndPoint(Address, Port)}");

    /// <summary>Reads the settings; <see langword="null"/> where no URL is given.</summary>
    /// <exception cref="ConfigurationException">The URL is wrong, or the key is missing or too short. The message does not contain the key.</exception>
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

        var key = configuration[ApiKeyVariable] ?? "";
        return key.Length >= MinimumKeyLength
            ? new ResourceServiceSettings(address, uri.Port, key)
            : throw new ConfigurationException(key.Length == 0
                ? $"{ApiKeyVariable}: the resource service needs a key of {MinimumKeyLength} characters or more; without one every user of this machine could operate the daemons"
                : $"{ApiKeyVariable}: a key of {key.Length} characters can be guessed; it needs {MinimumKeyLength}");
    }

    // One address and not both loopbacks, because the dashboard connects to one.
    private static IPAddress? Loopback(string host) => host switch
    {
        "localhost" => IPAddress.Loopback,
        _ when IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address) => address,
        _ => null,
    };
}
