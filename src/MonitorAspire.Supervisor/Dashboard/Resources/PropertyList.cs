using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using MonitorAspire.Supervisor.Dashboard.Protocol;

namespace MonitorAspire.Supervisor.Dashboard.Resources;

internal sealed class PropertyList
{
    private readonly List<ResourceProperty> _items = [];

    internal IReadOnlyList<ResourceProperty> Items => _items;

    /// <summary>Adds a property that the dashboard names and sorts itself.</summary>
    internal void Known(string name, object? value) => Add(name, null, value);

    internal void Highlighted(string name, string displayName, object? value) => Add(name, displayName, value, highlighted: true);

    internal void Add(string name, string? displayName, object? value, bool highlighted = false)
    {
        if (value is null)
        {
            return;
        }

        var property = new ResourceProperty { Name = name, Value = ToValue(value), IsHighlighted = highlighted };
        if (displayName is not null)
        {
            property.DisplayName = displayName;
            property.SortOrder = _items.Count;
        }

        _items.Add(property);
    }

    private static Value ToValue(object value) => value switch
    {
        // The dashboard shows the round-trip format in local time.
        DateTimeOffset at => Value.ForString(at.UtcDateTime.ToString("O", CultureInfo.InvariantCulture)),
        int number => Value.ForString(number.ToString(CultureInfo.InvariantCulture)),
        string[] list => Value.ForList([.. list.Select(Value.ForString)]),
        _ => Value.ForString((string)value),
    };
}
