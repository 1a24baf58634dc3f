import { describe, expect, it } from '@jest/globals';
import { openStore } from './open-store.ts';

describe('openStore', () => {
  it.each([
    ['/data/warehouse', {}, 'file:///data/warehouse/k'],
    ['file:///data/warehouse', {}, 'file:///data/warehouse/k'],
    ['file:/data/warehouse', {}, 'file:///data/warehouse/k'],
    ['s3://bucket', {}, 's3://bucket/k'],
    ['s3://bucket/some/prefix/', { endpoint: 'http://127.0.0.1:9000' }, 's3://bucket/some/prefix/k'],
  ])('opens %s', (url, options, uri) => {
    expect(openStore(url, options).uri('k')).toBe(uri);
  });

  it.each([
    ['gs://bucket', {}, /file:\/\/\/folder or s3:\/\/bucket, not "gs:/],
    ['s3://', {}, /no bucket/],
    ['s3:///prefix', {}, /no bucket/],
    ['', {}, /empty/],
    ['s3://bucket', { endpoint: 'minio:9000' }, /not an S3 endpoint/],
    ['s3://bucket', { endpoint: 'ftp://minio' }, /not an S3 endpoint/],
    ['s3://bucket', { endpoint: 'http://minio/path' }, /not an S3 endpoint/],
    ['s3://bucket', { partBytesMax: 1 }, /[Pp]art size/],
  ])('refuses %j with %o', (url, options, message) => {
    expect(() => openStore(url, options)).toThrow(
      expect.objectContaining({ code: 'INVALID_CONFIGURATION', message: expect.stringMatching(message) }),
    );
  });
});
