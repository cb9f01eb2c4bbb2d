using System.Globalization;

namespace MonitorAspire.AppHost.Standalone.Output;

/// <summary>Numbers as a person reads them.</summary>
internal static class Words
{
    /// <summary>Milliseconds as seconds with two digits.</summary>
    public static string Seconds(double milliseconds) => string.Create(CultureInfo.InvariantCulture, $"{milliseconds / 1000:F2} s");
}
