using System.Collections;

namespace Grpc.AspNetCore.HealthChecks;

public sealed class GrpcHealthChecksOptions
{
    public ServiceMappingCollection Services { get; } = [];

    // answer Check and the first of Watch from what was last published, instead of running the checks
    public bool UseHealthChecksCache { get; set; }

    public bool SuppressCompletionOnShutdown { get; set; }
}

public sealed class HealthCheckMapContext(string name, IEnumerable<string> tags)
{
    public string Name { get; } = name;

    public IEnumerable<string> Tags { get; } = tags;
}

public sealed class ServiceMapping(string name, Func<HealthCheckMapContext, bool> predicate)
{
    public string Name { get; } = name;

    public Func<HealthCheckMapContext, bool>? HealthCheckPredicate { get; } = predicate;

    internal bool Includes(string check, IEnumerable<string> tags) =>
        HealthCheckPredicate is not { } includes || includes(new HealthCheckMapContext(check, tags));
}

public sealed class ServiceMappingCollection : ICollection<ServiceMapping>
{
    private readonly OrderedDictionary<string, ServiceMapping> _mappings = new(StringComparer.Ordinal);

    public int Count => _mappings.Count;

    bool ICollection<ServiceMapping>.IsReadOnly => false;

    public void Add(ServiceMapping service) => _mappings.Add(service.Name, service);

    public void Map(string name, Func<HealthCheckMapContext, bool> predicate)
    {
        _mappings.Remove(name);
        _mappings.Add(name, new ServiceMapping(name, predicate));
    }

    public void Remove(string name) => _mappings.Remove(name);

    public void Clear() => _mappings.Clear();

    public IEnumerator<ServiceMapping> GetEnumerator() => _mappings.Values.GetEnumerator();

    internal ServiceMapping? Find(string name) => _mappings.GetValueOrDefault(name);

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    bool ICollection<ServiceMapping>.Contains(ServiceMapping item) => _mappings.ContainsValue(item);

    void ICollection<ServiceMapping>.CopyTo(ServiceMapping[] array, int arrayIndex) => _mappings.Values.CopyTo(array, arrayIndex);

    bool ICollection<ServiceMapping>.Remove(ServiceMapping item) => _mappings.ContainsValue(item) && _mappings.Remove(item.Name);
}
