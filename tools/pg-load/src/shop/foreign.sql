-- Foreign keys: added NOT VALID, which looks at no row, then validated, many at once. PostgreSQL before 18 takes no
-- NOT VALID on a partitioned table: each partition gets its own, and the table as a whole takes them over.
--
-- {month}: a row refers to a row of the same month, since the time of the order is part of the key. So each partition
-- refers to the partition of its month: the check is a join of two months, not of a month and the whole table.

-- on categories
ALTER TABLE shop.{table} ADD CONSTRAINT {table}_parent_fkey FOREIGN KEY (parent_id) REFERENCES shop.categories (id) NOT VALID;

-- on couriers
ALTER TABLE shop.{table} ADD CONSTRAINT {table}_hub_fkey FOREIGN KEY (hub_id) REFERENCES shop.hubs (id) NOT VALID;

-- on addresses
ALTER TABLE shop.{table} ADD CONSTRAINT {table}_customer_fkey FOREIGN KEY (customer_id) REFERENCES shop.customers (id) NOT VALID;

-- on products
ALTER TABLE shop.{table} ADD CONSTRAINT {table}_category_fkey FOREIGN KEY (category_id) REFERENCES shop.categories (id) NOT VALID;
ALTER TABLE shop.{table} ADD CONSTRAINT {table}_supplier_fkey FOREIGN KEY (supplier_id) REFERENCES shop.suppliers (id) NOT VALID;

-- on inventory
ALTER TABLE shop.{table} ADD CONSTRAINT {table}_product_fkey FOREIGN KEY (product_id) REFERENCES shop.products (id) NOT VALID;
ALTER TABLE shop.{table} ADD CONSTRAINT {table}_hub_fkey FOREIGN KEY (hub_id) REFERENCES shop.hubs (id) NOT VALID;

-- on orders
ALTER TABLE shop.{table} ADD CONSTRAINT {table}_customer_fkey FOREIGN KEY (customer_id) REFERENCES shop.customers (id) NOT VALID;
ALTER TABLE shop.{table} ADD CONSTRAINT {table}_address_fkey FOREIGN KEY (address_id) REFERENCES shop.addresses (id) NOT VALID;

-- on order_items
ALTER TABLE shop.{table} ADD CONSTRAINT {table}_order_fkey FOREIGN KEY (order_id, placed_at) REFERENCES shop.orders_{month} (id, placed_at) NOT VALID;
ALTER TABLE shop.{table} ADD CONSTRAINT {table}_product_fkey FOREIGN KEY (product_id) REFERENCES shop.products (id) NOT VALID;

-- on payments
ALTER TABLE shop.{table} ADD CONSTRAINT {table}_order_fkey FOREIGN KEY (order_id, placed_at) REFERENCES shop.orders_{month} (id, placed_at) NOT VALID;

-- on tours
ALTER TABLE shop.{table} ADD CONSTRAINT {table}_hub_fkey FOREIGN KEY (hub_id) REFERENCES shop.hubs (id) NOT VALID;
ALTER TABLE shop.{table} ADD CONSTRAINT {table}_courier_fkey FOREIGN KEY (courier_id) REFERENCES shop.couriers (id) NOT VALID;

-- on deliveries
ALTER TABLE shop.{table} ADD CONSTRAINT {table}_order_fkey FOREIGN KEY (order_id, placed_at) REFERENCES shop.orders_{month} (id, placed_at) NOT VALID;
ALTER TABLE shop.{table} ADD CONSTRAINT {table}_tour_fkey FOREIGN KEY (tour_id) REFERENCES shop.tours (id) NOT VALID;

-- on reviews
ALTER TABLE shop.{table} ADD CONSTRAINT {table}_product_fkey FOREIGN KEY (product_id) REFERENCES shop.products (id) NOT VALID;
ALTER TABLE shop.{table} ADD CONSTRAINT {table}_customer_fkey FOREIGN KEY (customer_id) REFERENCES shop.customers (id) NOT VALID;
