using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;

namespace MonitorAspire.ServiceDefaults;

/// <summary>
/// Names generic types that the container makes by reflection. The compiler does not see them, so a program that was compiled ahead of time builds
/// each of them while it starts, which takes a tenth of a millisecond. A type that is named is compiled into the program. For a type that is missing,
/// nothing but the start is slower.
/// </summary>
public static class ContainerTypes
{
    /// <summary>Names the types that every service needs.</summary>
    internal static void Name()
    {
        NameList<ConsoleFormatter>();
        NameList<IConnectionListenerFactory>();
        NameList<IHealthCheckPublisher>();
        NameList<IHostedService>();
        NameList<ILoggerProvider>();
        NameList<IMetricsListener>();
        NameList<IMultiplexedConnectionListenerFactory>();
        NameList<IStartupFilter>();
        NameLogger<ApplicationLifetime>();
        NameOptions<ConsoleFormatterOptions>();
        NameOptions<ConsoleLoggerOptions>();
        NameOptions<FormOptions>();
        NameOptions<HealthCheckPublisherOptions>();
        NameOptions<HealthCheckServiceOptions>();
        NameOptions<HostOptions>();
        NameOptions<JsonConsoleFormatterOptions>();
        NameOptions<KestrelServerOptions>();
        NameOptions<LoggerFactoryOptions>();
        NameOptions<LoggerFilterOptions>();
        NameOptions<MetricsOptions>();
        NameOptions<RouteHandlerOptions>();
        NameOptions<RouteOptions>();
        NameOptions<SimpleConsoleFormatterOptions>();
        NameOptions<SocketTransportOptions>();
    }

    /// <summary>Names what the container needs for options of one type.</summary>
    /// <typeparam name="T">The options.</typeparam>
    public static void NameOptions<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicParameterlessConstructor)] T>()
        where T : class
    {
        if (IsCompiledJustInTime)
        {
            return;
        }

        Keep(typeof(IOptions<T>));
        Keep(typeof(IOptionsFactory<T>));
        Keep(typeof(IOptionsMonitor<T>));
        Keep(typeof(IOptionsMonitorCache<T>));
        Keep(typeof(OptionsCache<T>));
        Keep(typeof(OptionsFactory<T>));
        Keep(typeof(OptionsManager<T>));
        Keep(typeof(OptionsMonitor<T>));
        NameList<IConfigureOptions<T>>();
        NameList<IOptionsChangeTokenSource<T>>();
        NameList<IPostConfigureOptions<T>>();
        NameList<IValidateOptions<T>>();
    }

    /// <summary>Names what the container needs for a logger.</summary>
    /// <typeparam name="T">The class that logs.</typeparam>
    public static void NameLogger<T>()
    {
        if (IsCompiledJustInTime)
        {
            return;
        }

        Keep(typeof(ILogger<T>));
        Keep(typeof(Logger<T>));
    }

    // Then a type is made when it is used, and to name it would make it needlessly. Ahead of time this is the constant false.
    private static bool IsCompiledJustInTime => RuntimeFeature.IsDynamicCodeSupported;

    private static void NameList<T>()
    {
        Keep(typeof(IEnumerable<T>));
        Keep(typeof(T[]));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Keep(Type type) => GC.KeepAlive(type);
}
